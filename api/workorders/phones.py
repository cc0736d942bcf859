"""Telephone numbers as clients write them."""

from foundation.errors import FieldFault
from foundation.phones import BadPhone, parse_phone


def e164(given: str, path: str) -> str:
    """The one form that is stored and hashed. Raises `BadPhone`, naming `path`."""
    try:
        return parse_phone(given).e164
    except BadPhone:
        raise BadPhone(fields=[FieldFault(path, BadPhone.text)]) from None
