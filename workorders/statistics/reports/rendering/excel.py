"""The report as Excel: a sheet of its sentences, a sheet of each table with numbers as numbers, native charts.

Nothing that stands in a cell is taken for a formula or a link.
"""

from io import BytesIO
from typing import Any, Final

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from workorders.statistics.reports.content import CellKind, Chart, ChartKind, Content, Section, Table

FONT: Final = "Noto Sans SC"
FORMATS: Final = {
    CellKind.TEXT: "@",
    CellKind.COUNT: "#,##0",
    CellKind.RATE: "0.0%",
    CellKind.GROWTH: "+0.0%;-0.0%;0.0%",
    CellKind.POINTS: "+0.0;-0.0;0.0",
}
TEXT_WIDTH: Final = 100
FIRST_ROW: Final = 2
"""Below the table's name and the names of its columns."""
SHEET_FORBIDS: Final = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


def excel(content: Content) -> bytes:
    file = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties({"title": f"{content.title} {content.subtitle}", "author": content.issuer})
        looks = _Looks(book)
        _words(book.add_worksheet("报告"), content, looks)
        for section in content.sections:
            for table in section.tables:
                sheet = book.add_worksheet(table.name.translate(SHEET_FORBIDS)[:31])
                _table(sheet, table, looks)
                for n, chart in enumerate(each for each in section.charts if each.table == table.name):
                    _chart(book, sheet, section, chart, n)
    return file.getvalue()


class _Looks:
    """How cells look."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        plain = {"font_name": FONT, "font_size": 10, "valign": "vcenter"}
        self.title = book.add_format({**plain, "font_size": 18, "font_color": "#c00000", "align": "center"})
        self.heading = book.add_format({**plain, "font_size": 13, "bold": True})
        self.words = book.add_format({**plain, "text_wrap": True, "num_format": "@"})
        self.head = book.add_format(
            {**plain, "bold": True, "bg_color": "#eef2f7", "border": 1, "align": "center", "text_wrap": True}
        )
        self.cells = {
            kind: book.add_format(
                {
                    **plain,
                    "border": 1,
                    "num_format": told,
                    "text_wrap": kind is CellKind.TEXT,
                    "align": "left" if kind is CellKind.TEXT else "right",
                }
            )
            for kind, told in FORMATS.items()
        }


def _words(sheet: Worksheet, content: Content, looks: _Looks) -> None:
    sheet.set_column(0, 0, TEXT_WIDTH)
    sheet.set_paper(9)
    lines = [
        (content.title, looks.title),
        (content.subtitle, looks.heading),
        (content.issuer, looks.words),
        (content.dated, looks.words),
    ]
    for section in content.sections:
        lines.append((section.heading, looks.heading))
        lines += [(sentence, looks.words) for sentence in section.sentences]
    lines += [(f"说明{n}　{note}", looks.words) for n, note in enumerate(content.notes, start=1)]
    for row, (line, look) in enumerate(lines):
        sheet.write_string(row, 0, line, look)


def _table(sheet: Worksheet, table: Table, looks: _Looks) -> None:
    sheet.write_string(0, 0, table.name, looks.heading)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(FIRST_ROW - 1)
    sheet.freeze_panes(FIRST_ROW, 0)
    whole = sum(table.widths)
    for column, (name, width) in enumerate(zip(table.columns, table.widths, strict=True)):
        sheet.set_column(column, column, max(11, TEXT_WIDTH * width / whole))
        sheet.write_string(FIRST_ROW - 1, column, name, looks.head)
    for row, cells in enumerate(table.rows, start=FIRST_ROW):
        for column, cell in enumerate(cells):
            if cell.number is None:
                sheet.write_string(row, column, cell.text, looks.cells[cell.kind])
            else:
                sheet.write_number(row, column, cell.number, looks.cells[cell.kind])
    if table.note:
        sheet.write_string(FIRST_ROW + len(table.rows), 0, f"注：{table.note}")


def _chart(book: xlsxwriter.Workbook, sheet: Worksheet, section: Section, chart: Chart, n: int) -> None:
    """A native chart over the table's cells, to the right of them."""
    table = section.table(chart.table)
    last = FIRST_ROW + min(chart.most, len(table.rows)) - 1
    made: Any = book.add_chart({"type": "bar" if chart.kind is ChartKind.BARS else "line"})
    for value in chart.values:
        made.add_series(
            {
                "name": table.columns[value],
                "categories": [sheet.name, FIRST_ROW, chart.labels, last, chart.labels],
                "values": [sheet.name, FIRST_ROW, value, last, value],
            }
        )
    made.set_title({"name": chart.name, "name_font": {"name": FONT, "size": 12}})
    if chart.kind is ChartKind.BARS:
        made.set_y_axis({"reverse": True})
        made.set_legend({"none": True})
    made.set_size({"width": 640, "height": 360})
    sheet.insert_chart(1 + 19 * n, len(table.columns) + 1, made)
