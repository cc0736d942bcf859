"""PDF (ISO 32000): its frame is checked, its inside is left as it is.

A PDF may hold scripts, which no check of its bytes finds for sure; it is only ever served as a download.
"""

import re
from typing import Final

from workorders.attachments.formats.damage import Damaged

SIGNATURE: Final = b"%PDF-"
END: Final = re.compile(rb"startxref\s+\d{1,10}\s+%%EOF\s*\Z")
TAIL: Final = 1024
MARKUP: Final = re.compile(rb"<\s*(?:html|script|svg|!doctype|\?xml|iframe|body)", re.IGNORECASE)
ZIP_END: Final = b"PK\x05\x06"
ZIP_REACH: Final = 65_536 + 22
"""A reader of ZIP looks that far back from the end for its directory."""


def checked(content: bytes) -> bytes:
    """The same bytes, if they start and end as a PDF and as nothing else. Raises `Damaged`."""
    if not re.match(rb"%PDF-[12]\.\d", content):
        raise Damaged("no version")
    if not END.search(content[-TAIL:]):
        raise Damaged("the end is missing, or something stands behind it")
    if MARKUP.search(content[:TAIL]):
        raise Damaged("markup at the start")
    if ZIP_END in content[-ZIP_REACH:]:
        raise Damaged("a ZIP archive at the same time")
    return content
