"""Answers of commands, in words for a person."""

from foundation.working_time.vectors import VectorReport


def describe_vectors(report: VectorReport) -> str:
    """Per operation how many vectors agree, differ (each named) or are left out (each convention counted)."""
    lines = [f"{report.file}: {report.vectors} vectors on {report.calendars} calendars"]
    for name, operation in report.operations.items():
        lines.append(
            f"  {name:<14} {operation.agree:>6} agree {len(operation.differ):>6} differ "
            f"{len(operation.left_out):>6} left out"
        )
        lines += [f"    {each.id}: expected {each.expected}, got {each.got}" for each in operation.differ]
        reasons: dict[str, int] = {}
        for each in operation.left_out:
            reasons[each.reason] = reasons.get(each.reason, 0) + 1
        lines += [f"    left out: {count} × {reason}" for reason, count in reasons.items()]
    return "\n".join(lines)
