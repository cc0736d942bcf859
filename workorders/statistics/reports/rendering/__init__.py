"""One content as three files, drawn from the same cells and the same charts."""

from workorders.statistics.reports.content import Content
from workorders.statistics.reports.documents import Format
from workorders.statistics.reports.rendering.excel import excel
from workorders.statistics.reports.rendering.pdf import pdf
from workorders.statistics.reports.rendering.word import word

RENDERERS = {Format.WORD: word, Format.EXCEL: excel, Format.PDF: pdf}


def rendered(content: Content, format: Format) -> bytes:
    """The file. Takes a second or two, most of it outside of Python: to be called in a thread."""
    return RENDERERS[format](content)
