"""The report as PDF: A4, red head, page numbers, embedded fonts."""

from typing import Any

from workorders.statistics.reports.content import Content
from workorders.statistics.reports.rendering.charts import svg
from workorders.statistics.reports.rendering.typesetting import set_pdf


def pdf(content: Content) -> bytes:
    told: dict[str, Any] = content.model_dump(mode="json")
    for section, given in zip(content.sections, told["sections"], strict=True):
        given["charts"] = [svg(chart, section) for chart in section.charts]
    return set_pdf(told)
