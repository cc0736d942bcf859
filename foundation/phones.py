"""Telephone numbers, Chinese unless they say otherwise. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

import phonenumbers

from foundation.errors import FieldFault, InvalidInput


class BadPhone(InvalidInput):
    code = "BAD_PHONE"
    text = "电话号码有误，请核对后重新输入。"


class NotAMobile(BadPhone):
    code = "NOT_A_MOBILE"
    text = "请输入11位手机号码。"


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that can be called; `e164` is its one stored form (`+8613812345678`)."""

    e164: str
    is_mobile: bool

    @property
    def national(self) -> str:
        """As people here write it: `13812345678`, `057112345678`; with `+` for other countries."""
        if not self.e164.startswith("+86"):
            return self.e164
        return self.e164[3:] if self.is_mobile else "0" + self.e164[3:]

    def __repr__(self) -> str:
        return f"Phone(…{self.e164[-2:]})"


MOBILE: Final = re.compile(r"(?:(?:\+|00)?86)?(1[3-9][0-9]{9})")
EXTENSION: Final = re.compile(r"(?:转|分机|ext\.?|#)[0-9]{1,6}$", re.IGNORECASE)
LONGEST: Final = 40


def parse_phone(text: str, *, area_code: str | None = None) -> Phone:
    """Read a mobile or landline number, however it is spaced; extensions are dropped.

    A landline without area code is taken within `area_code` (`0571`). Any 11 digits from 13 to 19 are a mobile:
    operators open new ranges before tables know them. Raises BadPhone.
    """
    plain = re.sub(r"[\s\-‐-―()]", "", unicodedata.normalize("NFKC", text[: LONGEST + 1]))
    if len(plain) > LONGEST:
        raise BadPhone
    plain = EXTENSION.sub("", plain)
    if mobile := MOBILE.fullmatch(plain):
        return Phone("+86" + mobile[1], is_mobile=True)
    if area_code and re.fullmatch(r"[2-8][0-9]{6,7}", plain):
        plain = area_code + plain
    try:
        number = phonenumbers.parse(plain, "CN")
    except phonenumbers.NumberParseException:
        raise BadPhone from None
    if not phonenumbers.is_valid_number(number):
        raise BadPhone
    number.extension = None
    mobile_kind = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    return Phone(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), is_mobile=mobile_kind)


def e164(text: str, path: str) -> str:
    """The one form of a number that is stored and hashed, however it was written. Raises BadPhone, naming `path`."""
    try:
        return parse_phone(text).e164
    except BadPhone:
        raise BadPhone(fields=[FieldFault(path, BadPhone.text)]) from None


def parse_mobile(text: str) -> Phone:
    """A Chinese mobile number, which can take a text message. Raises NotAMobile."""
    try:
        phone = parse_phone(text)
    except BadPhone:
        raise NotAMobile from None
    if not (phone.is_mobile and phone.e164.startswith("+86")):
        raise NotAMobile
    return phone
