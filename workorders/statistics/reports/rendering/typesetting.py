"""The typesetter, with the fonts that ship with the installation and no others; it reads no files and no network."""

from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pylopdf_fonts_zh_cn
import typst

SANS, SERIF = "Noto Sans SC", "Noto Serif SC"
TEMPLATE = (Path(__file__).parent / "report.typ").read_bytes()
PICTURE = b"""#set page(width: auto, height: auto, margin: 0pt, fill: white)
#image(bytes(sys.inputs.svg), format: "svg")"""
PICTURE_DOTS = 192
"""Per inch."""


class MissingGlyphs(Exception):
    """The fonts lack something that is to be set."""


def set_pdf(content: dict[str, Any]) -> bytes:
    """The report as PDF; `content` is handed over as data, so that nothing in it is markup. Raises `MissingGlyphs`."""
    return _compiled(TEMPLATE, {"content": orjson.dumps(content).decode()}, "pdf")


def picture(svg: str) -> bytes:
    """A drawing as PNG."""
    return _compiled(PICTURE, {"svg": svg}, "png")


@cache
def _fonts() -> typst.Fonts:
    folder = Path(pylopdf_fonts_zh_cn.__file__).parent
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


def _compiled(template: bytes, inputs: dict[str, str], format: str) -> bytes:
    made, warnings = typst.compile_with_warnings(
        template,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs=inputs,
        format=format,
        ppi=PICTURE_DOTS if format == "png" else None,
    )
    if warnings:
        raise MissingGlyphs("; ".join(str(warning) for warning in warnings))
    return bytes(made)
