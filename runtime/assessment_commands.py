"""`zhengtong assessment`: the scores of a month; `zhengtong schemes`: what they are made by."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from foundation.faults import ExitCode
from runtime.figures_commands import InDatabase, run_on
from runtime.terminal import AsJson, InFile, answer, fault_told

if TYPE_CHECKING:
    from identity.directory import Snapshot
    from runtime.composition import App
    from workorders.statistics.assessment.library import Published
    from workorders.statistics.assessment.reading import Assessment, Month

schemes = typer.Typer(help="Assessment schemes 考核方案: checked, published.", no_args_is_help=True)


def assessment(
    month: Annotated[str, typer.Option(metavar="MONTH", help="2026-10.")],
    unit: Annotated[str | None, typer.Option(help="One unit; else those below the root.")] = None,
    database: InDatabase = None,
    as_json: AsJson = False,
) -> None:
    """Print the scores 考核 of a month: of one unit item by item, or of the units below the root side by side."""
    from identity.actors import system_actor

    terminal = system_actor("terminal")

    async def body(app: "App") -> tuple["Month", tuple["Assessment", ...], "Snapshot"]:
        city, now = await app.identity.directory.snapshot(), app.clock.now()
        if unit is None:
            sheet = await app.assessments.sheet(terminal, city, month, None, now)
            return sheet.month, sheet.assessments, city
        found = await app.assessments.one(terminal, city, month, unit, now)
        return found[0], (found[1],), city

    with fault_told():
        of, found, city = run_on(body, database)
    content = _as_json(of, found, city)
    answer(content, as_json=as_json, text=lambda: _as_text(content, in_full=unit is not None))


@schemes.command("check")
def check(file: InFile, as_json: AsJson = False) -> None:
    """Check a scheme, and name every fault with its line."""
    from foundation.data_files import DataFileInvalid
    from workorders.statistics.assessment.schemes import Scheme

    content: dict[str, Any] = {"file": file.name, "title": None, "version": None, "id": None, "faults": []}
    try:
        scheme = Scheme.from_file(file)
        content |= {"title": scheme.title, "version": scheme.version, "id": scheme.id}
    except DataFileInvalid as invalid:
        content["faults"] = [fault.message for fault in invalid.fields]
    sound = f"{file.name}: “{content['title']}” {content['version']} ({content['id']}) has no faults."
    answer(content, as_json=as_json, text=lambda: "\n".join(content["faults"]) or sound)
    if content["faults"]:
        raise typer.Exit(ExitCode.FOUND_WANTING)


@schemes.command("publish")
def publish(file: InFile, database: InDatabase = None, as_json: AsJson = False) -> None:
    """Let months be scored by this scheme, from its first month on. A published version never changes."""
    from identity.actors import system_actor
    from workorders.statistics.assessment.schemes import Scheme

    with fault_told():
        scheme = Scheme.from_file(file)

    async def body(app: "App") -> "Published":
        return await app.assessments.library.publish(system_actor("terminal"), scheme)

    with fault_told():
        published = run_on(body, database)
    content = {"id": scheme.id, "title": scheme.title, "version": scheme.version, "validFrom": scheme.valid_from}
    sentence = f"“{scheme.title}” {scheme.version} ({scheme.id}) holds from {scheme.valid_from} on."
    answer({**content, "publishedAt": published.at}, as_json=as_json, text=lambda: sentence)


def _as_json(month: "Month", found: "tuple[Assessment, ...]", city: "Snapshot") -> dict[str, Any]:
    from workorders.statistics.assessment.months import spelled
    from workorders.statistics.naming import name_of
    from workorders.statistics.tallying import Dimension

    scheme = month.scheme
    return {
        "month": spelled(month.window),
        "scheme": {"id": scheme.id, "title": scheme.title, "version": scheme.version},
        "asOf": month.as_of,
        "issued": month.issued_at is not None,
        "assessments": [
            {
                "unit": each.unit,
                "name": name_of(city, Dimension.UNIT, each.unit),
                "total": each.score.total,
                "sample": each.score.sample,
                "rank": each.rank,
                "ranked": each.ranked,
                "previous": each.previous,
                "change": each.change,
                "items": [
                    {
                        "name": item.item.name,
                        "numerator": item.numerator,
                        "denominator": item.denominator,
                        "rate": item.rate,
                        "points": item.points,
                        "weight": item.weight,
                        "earned": item.earned,
                        "lost": item.lost,
                        "why": item.why,
                    }
                    for item in each.score.items
                ],
                "events": [
                    {"name": event.event.name, "number": event.number, "earned": event.earned, "why": event.why}
                    for event in each.score.events
                ],
            }
            for each in found
        ],
    }


def _as_text(content: dict[str, Any], *, in_full: bool) -> str:
    scheme = content["scheme"]
    issued = ", issued" if content["issued"] else ""
    as_of = f"as of {content['asOf']:%Y-%m-%d %H:%M:%S} UTC{issued}"
    lines = [f"{content['month']}, {scheme['title']} {scheme['version']}, {as_of}"]
    for each in content["assessments"]:
        rank = "—" if each["rank"] is None else f"{each['rank']} / {each['ranked']}"
        total = "—" if each["total"] is None else each["total"]
        change = "" if each["change"] is None else f"  {each['change']:+}"
        lines.append(f"{rank:>8}  {each['name']}  {total}{change}")
        if in_full:
            lines += [f"  {part['name']}  {part['why']}" for part in (*each["items"], *each["events"])]
    return "\n".join(lines)
