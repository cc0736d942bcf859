"""Three files of one content: the same cells and sentences in each, nothing taken for a formula or markup, fonts
embedded."""

import re
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook
from pypdf import PdfReader

from tests.workorders.statistics.reports.examples import HOSTILE, beside, example
from workorders.statistics.reports.content import CellKind, Content
from workorders.statistics.reports.documents import Format
from workorders.statistics.reports.rendering import rendered

SHOWN = {
    CellKind.COUNT: "{:,.0f}",
    CellKind.RATE: "{:.1%}",
    CellKind.GROWTH: "{:+.1%}",
    CellKind.POINTS: "{:+.1f}",
}
"""How a spreadsheet shows each kind of number."""


@pytest.fixture(scope="module")
def content() -> Content:
    return example()


@pytest.fixture(scope="module")
def files(content: Content) -> dict[Format, bytes]:
    return {format: rendered(content, format) for format in Format}


def cells(content: Content) -> list[list[list[str]]]:
    """Of each table its rows, its head first, as they read."""
    return [[list(table.columns), *([cell.text for cell in row] for row in table.rows)] for table in content.tables]


def test_word_holds_every_cell_and_sentence(content: Content, files: dict[Format, bytes]) -> None:
    made = Document(BytesIO(files[Format.WORD]))
    assert [[[cell.text for cell in row.cells] for row in table.rows] for table in made.tables] == cells(content)
    paragraphs = [paragraph.text for paragraph in made.paragraphs]
    for section in content.sections:
        assert {section.heading, *section.sentences} <= set(paragraphs)
    assert len(made.inline_shapes) == sum(len(section.charts) for section in content.sections)


def test_excel_holds_every_cell_as_the_number_that_it_reads_as(content: Content, files: dict[Format, bytes]) -> None:
    book = load_workbook(BytesIO(files[Format.EXCEL]))
    sheets = book.worksheets[1:]
    assert len(sheets) == len(list(content.tables))
    for sheet, table in zip(sheets, content.tables, strict=True):
        assert sheet.cell(1, 1).value == table.name
        for n, name in enumerate(table.columns, start=1):
            assert sheet.cell(2, n).value == name
        for row, given in enumerate(table.rows, start=3):
            for column, cell in enumerate(given, start=1):
                found = sheet.cell(row, column)
                assert found.data_type == ("s" if cell.number is None else "n"), cell
                if cell.number is None:
                    assert found.value == cell.text
                else:
                    shown = SHOWN[cell.kind].format(found.value)
                    assert (shown if found.value else shown.lstrip("+")) == cell.text
    words = {row[0].value for row in book.worksheets[0]}
    assert {sentence for section in content.sections for sentence in section.sentences} <= words
    charts = sum(len(sheet._charts) for sheet in sheets)
    assert charts == sum(len(section.charts) for section in content.sections)


def test_pdf_holds_every_cell_and_sentence_in_its_own_fonts(content: Content, files: dict[Format, bytes]) -> None:
    reader = PdfReader(BytesIO(files[Format.PDF]))
    text = without_space("".join(page.extract_text() for page in reader.pages))
    numbers = re.compile(r"—\d+—")  # page numbers
    for section in content.sections:
        assert without_space(section.heading) in text
        for sentence in section.sentences:
            assert without_space(sentence) in numbers.sub("", text)
    flat = numbers.sub("", text)
    for table in content.tables:
        for row in table.rows:
            for cell in row:
                assert without_space(cell.text) in flat, (table.name, cell)
    for page in reader.pages:
        assert [round(float(side)) for side in page.mediabox[2:]] == [595, 842]
        resources: Any = page["/Resources"]
        for font in resources["/Font"].values():
            (descendant,) = font.get_object()["/DescendantFonts"]
            descriptor: Any = descendant.get_object()["/FontDescriptor"]
            assert re.match(r"/[A-Z]{6}\+Noto(Sans|Serif)SC-Regular", descriptor["/FontName"])
            assert "/FontFile3" in descriptor.get_object()


def test_pdf_tables_hold_their_rows_in_order(content: Content, files: dict[Format, bytes]) -> None:
    text = without_space("".join(page.extract_text() for page in PdfReader(BytesIO(files[Format.PDF])).pages))
    table = next(content.tables)
    for row in table.rows:
        assert "".join(without_space(cell.text) for cell in row) in text


def test_a_hostile_name_stays_the_text_that_it_is(files: dict[Format, bytes]) -> None:
    book = load_workbook(BytesIO(files[Format.EXCEL]))
    assert not [cell for sheet in book for row in sheet for cell in row if cell.data_type == "f" or cell.hyperlink]
    named = {cell.value for row in book["热点地区"] for cell in row}
    assert set(HOSTILE) <= named


def test_the_same_content_is_the_same_pdf(content: Content, files: dict[Format, bytes]) -> None:
    assert rendered(content, Format.PDF) == files[Format.PDF]


@pytest.mark.parametrize(
    ("name", "shown"),
    [("㐀村", "㐀村"), ("𠮷野路", "〓野路"), ("🚰站", "〓站"), ("乡\u200d镇", "乡镇"), ("乡\u3000镇", "乡镇")],
)
def test_a_character_that_no_font_has_is_marked_and_never_left_out_in_silence(name: str, shown: str) -> None:
    made = rendered(example(places=[beside(name, 10)]), Format.PDF)
    text = without_space("".join(page.extract_text() for page in PdfReader(BytesIO(made)).pages))
    assert f"{shown}10" in text
    assert name in {cell.value for row in load_workbook(BytesIO(excel_of(name)))["热点地区"] for cell in row}


def excel_of(name: str) -> bytes:
    return rendered(example(places=[beside(name, 10)]), Format.EXCEL)


def without_space(text: str) -> str:
    return re.sub(r"\s+", "", text)
