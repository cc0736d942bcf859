"""Who stands where among units side by side. Pure."""

from collections.abc import Mapping
from decimal import Decimal

from workorders.statistics.assessment.scoring import Score

RULE = (
    "按总分由高到低排名，总分相同的名次并列，其后名次顺延；受理并计入的工单少于方案的最小样本、或没有可计分项目的单位"
    "不参加排名，列于最后。"
)


def standing(scores: Mapping[str, Score]) -> dict[str, int | None]:
    """Each unit's rank, from the best to those that have none; equals by their id."""
    totals = {unit: each.total for unit, each in scores.items() if each.ranked}
    ranked = sorted(totals, key=lambda unit: (-_total(totals[unit]), unit))
    places: dict[str, int | None] = {}
    for unit in ranked:
        places[unit] = 1 + sum(_total(other) > _total(totals[unit]) for other in totals.values())
    return places | dict.fromkeys(sorted(scores.keys() - totals.keys()))


def _total(total: Decimal | None) -> Decimal:
    return Decimal() if total is None else total
