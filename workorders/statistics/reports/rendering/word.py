"""The report as Word: A4, red head, page numbers, tables whose heads repeat, charts as pictures."""

from io import BytesIO
from typing import Any, Final

from docx import Document
from docx.document import Document as Made
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from workorders.statistics.reports.content import CellKind, Content, Table
from workorders.statistics.reports.rendering.charts import svg
from workorders.statistics.reports.rendering.typesetting import picture

BODY: Final = "仿宋"
HEADING: Final = "黑体"
"""As official documents have them; a reader without them takes its own."""
LATIN: Final = "Times New Roman"
RED: Final = RGBColor(0xC0, 0x00, 0x00)
WIDTH: Final = 16.2
"""Of the text, in centimetres."""


def word(content: Content) -> bytes:
    made = Document()
    _page(made)
    made.core_properties.title = f"{content.title} {content.subtitle}"
    made.core_properties.author = content.issuer
    made.core_properties.comments = ""
    _line(made, content.issuer, size=26, font=HEADING, colour=RED, centred=True)
    _ruled(_line(made, content.dated, size=12, centred=True))
    _line(made, content.title, size=20, font=HEADING, centred=True, before=12)
    _line(made, content.subtitle, size=14, font=HEADING, centred=True)
    for section in content.sections:
        heading = _line(made, section.heading, size=14, font=HEADING, before=12, style="Heading 1")
        heading.paragraph_format.keep_with_next = True
        for sentence in section.sentences:
            paragraph = _line(made, sentence, size=12)
            paragraph.paragraph_format.first_line_indent = Pt(24)
        for chart in section.charts:
            drawn = made.add_paragraph()
            drawn.alignment = WD_ALIGN_PARAGRAPH.CENTER
            drawn.add_run().add_picture(BytesIO(picture(svg(chart, section))), width=Cm(WIDTH - 1))
        for table in section.tables:
            _table(made, table)
    _ruled(_line(made, "", size=6))
    for n, note in enumerate(content.notes, start=1):
        _line(made, f"说明{n}　{note}", size=9)
    file = BytesIO()
    made.save(file)
    return file.getvalue()


def _page(made: Made) -> None:
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin, section.bottom_margin = Cm(3.2), Cm(2.8)
    section.left_margin = section.right_margin = Cm(2.4)
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _styled(footer.add_run("— "), 9)
    run = footer.add_run()
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)
    _styled(run, 9)
    _styled(footer.add_run(" —"), 9)


def _line(
    made: Made,
    text: str,
    *,
    size: float,
    font: str = BODY,
    colour: RGBColor | None = None,
    centred: bool = False,
    before: float = 0,
    style: str | None = None,
) -> Paragraph:
    paragraph = made.add_paragraph(style=style)
    _styled(paragraph.add_run(text), size, font, colour)
    paragraph.paragraph_format.space_before = Pt(before)
    paragraph.paragraph_format.space_after = Pt(4)
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    return paragraph


def _styled(run: Run, size: float, font: str = BODY, colour: RGBColor | None = None) -> None:
    run.font.size = Pt(size)
    run.font.name = LATIN
    run.font.color.rgb = colour or RGBColor(0, 0, 0)
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _ruled(paragraph: Paragraph) -> None:
    """A red line below."""
    borders, line = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "12"), ("space", "1"), ("color", "C00000")):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)
    paragraph._p.get_or_add_pPr().append(borders)


def _table(made: Made, table: Table) -> None:
    named = _line(made, table.name, size=10.5, font=HEADING, centred=True, before=6)
    named.paragraph_format.keep_with_next = True
    drawn: Any = made.add_table(rows=1 + len(table.rows), cols=len(table.columns))
    drawn.style, drawn.autofit = "Table Grid", False
    widths = [Cm(WIDTH * width / sum(table.widths)) for width in table.widths]
    for column, width in zip(drawn.columns, widths, strict=True):
        column.width = width
    # A row's cells are looked up once: each look-up walks the whole table.
    head, *rows = (row.cells for row in drawn.rows)
    for cell, name, width in zip(head, table.columns, widths, strict=True):
        _filled(cell, name, width, WD_ALIGN_PARAGRAPH.CENTER, HEADING)
    repeats = OxmlElement("w:tblHeader")
    drawn.rows[0]._tr.get_or_add_trPr().append(repeats)
    for cells, given in zip(rows, table.rows, strict=True):
        for cell, each, width in zip(cells, given, widths, strict=True):
            at = WD_ALIGN_PARAGRAPH.LEFT if each.kind is CellKind.TEXT else WD_ALIGN_PARAGRAPH.RIGHT
            _filled(cell, each.text, width, at, BODY)
    if table.note:
        _line(made, f"注：{table.note}", size=8.5)


def _filled(cell: Any, text: str, width: Cm, at: WD_ALIGN_PARAGRAPH, font: str) -> None:
    cell.width = width
    paragraph = cell.paragraphs[0]
    paragraph.alignment = at
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
    _styled(paragraph.add_run(text), 8.5, font)
