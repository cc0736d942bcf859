"""The typesetter, with the fonts that ship with the installation and no others; it reads no files and no network."""

import unicodedata
from functools import cache
from pathlib import Path
from struct import iter_unpack, unpack_from
from typing import Any, Final, Literal

import orjson
import pylopdf_fonts_zh_cn
import typst

FONTS: Final = Path(pylopdf_fonts_zh_cn.__file__).parent
TEMPLATE: Final = (Path(__file__).parent / "report.typ").read_bytes()
PICTURE: Final = b"""#set page(width: auto, height: auto, margin: 0pt, fill: white)
#image(bytes(sys.inputs.svg), format: "svg")"""
PICTURE_DOTS: Final = 192
"""Per inch."""
MISSING: Final = "〓"
"""What stands for a character that the fonts do not have, as is the printers' custom."""


def set_pdf(content: dict[str, Any]) -> bytes:
    """The report as PDF; `content` is handed over as data, so that nothing in it is markup."""
    return _compiled(TEMPLATE, {"content": settable(orjson.dumps(content).decode())}, "pdf")


def picture(svg: str) -> bytes:
    """A drawing as PNG."""
    return _compiled(PICTURE, {"svg": settable(svg)}, "png")


def settable(text: str) -> str:
    """The text with `MISSING` for what no font has, and without what is invisible."""
    known = _characters()
    return "".join(each if each in known else _instead(each) for each in text)


def _instead(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) == "Cf" else MISSING


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


@cache
def _characters() -> frozenset[str]:
    """Those that every one of our fonts has."""
    return frozenset.intersection(*(_characters_of(path.read_bytes()) for path in FONTS.glob("*.otf")))


def _characters_of(font: bytes) -> frozenset[str]:
    """By the font's own table of them (OpenType `cmap`, its subtable of format 12: groups of start, end, glyph)."""
    (tables,) = unpack_from(">H", font, 4)
    names = {name: offset for name, _, offset, _ in iter_unpack(">4sIII", font[12 : 12 + 16 * tables])}
    start = names[b"cmap"]
    (number,) = unpack_from(">H", font, start + 2)
    for _, _, offset in iter_unpack(">HHI", font[start + 4 : start + 4 + 8 * number]):
        (format,) = unpack_from(">H", font, start + offset)
        if format == 12:
            (groups,) = unpack_from(">I", font, start + offset + 12)
            first = start + offset + 16
            found = iter_unpack(">III", font[first : first + 12 * groups])
            return frozenset(chr(code) for low, high, _ in found for code in range(low, high + 1))
    raise ValueError("the font has no table of characters of format 12")


def _compiled(template: bytes, inputs: dict[str, str], format: Literal["pdf", "png"]) -> bytes:
    return typst.compile(
        template,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs=inputs,
        format=format,
        ppi=PICTURE_DOTS if format == "png" else None,
    )
