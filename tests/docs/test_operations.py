"""The manual's worked example of a signature is right, by our own hand and by another one."""

import base64
import re
from pathlib import Path

from tests.platform_above import HEADERS, signature
from workorders.exchange.signing import read_signed

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
