"""What the manual works out and lists: an example of a signature, checked by another hand, and an export's columns."""

import base64
import re
from pathlib import Path

from tests.platform_above import HEADERS, signature
from workorders.exchange.signing import read_signed
from workorders.exporting.columns import COLUMNS

MANUAL = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")


def test_the_worked_example_of_a_signature_holds() -> None:
    example = re.search(
        r"the secret `(?P<secret>[^`]+)` and the body `(?P<body>[^`]+)`:\n\n"
        r"```\n(?P<lines>.+?)\n```\n\nis signed `(?P<signature>[^`]+)`",
        MANUAL,
        re.DOTALL,
    )
    assert example is not None
    secret, body = base64.b64decode(example["secret"]), example["body"].encode()
    _, method, target, _, *named = example["lines"].split("\n")
    given = {f"X-Exchange-{name}": value for name, value in zip(HEADERS, named, strict=True)}
    assert signature(secret, method, target, body, given) == example["signature"]
    request, read = read_signed(method, target, body, {**given, "X-Exchange-Signature": example["signature"]})
    assert request.content.decode() == example["lines"]
    assert request.fits(secret, read)


def test_the_columns_of_an_export_are_listed_in_their_order() -> None:
    listed = re.search(r"The columns, in this order:\n(?P<columns>.+?)\. Times", MANUAL, re.DOTALL)
    assert listed is not None
    assert re.split(r",\s+", listed["columns"]) == [column.title for column in COLUMNS]
