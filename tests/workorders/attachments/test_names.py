"""File names are made harmless."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workorders.attachments.names import LONGEST, clean_name, content_disposition


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("漏水现场.JPG", "漏水现场.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\me\\photo.png", "photo.jpg"),
        ("a\x00b\r\nSet-Cookie: x.jpg", "abSet-Cookie x.jpg"),
        ("invoice\u202egpj.exe", "invoicegpj.jpg"),
        ("page.html", "page.jpg"),
        ("shell.php.jpg", "shell.php.jpg"),
        (".htaccess", "htaccess.jpg"),
        ("...", "附件.jpg"),
        ("", "附件.jpg"),
        ("/", "附件.jpg"),
        ('"quoted";name*.jpg', "quotedname.jpg"),
        ("长" * 500, "长" * LONGEST + ".jpg"),
    ],
)
def test_known_tricks(name: str, cleaned: str) -> None:
    assert clean_name(name, "jpg") == cleaned


@given(st.text())
def test_any_name_becomes_one_that_is_a_name(name: str) -> None:
    cleaned = clean_name(name, "pdf")
    assert cleaned.endswith(".pdf")
    assert 5 <= len(cleaned) <= LONGEST + 4
    assert not cleaned.startswith((".", " "))
    assert not any(c in cleaned for c in '/\\<>:"|?*;%')
    assert all(unicodedata.category(c)[0] != "C" for c in cleaned)
    assert clean_name(cleaned, "pdf") == cleaned


@given(st.text())
def test_a_header_is_one_line_of_ascii(name: str) -> None:
    header = content_disposition(clean_name(name, "jpg"))
    assert header.isascii() and header.isprintable()
    assert header.startswith("attachment; filename*=UTF-8''")
    assert ";" not in header.removeprefix("attachment; ")
