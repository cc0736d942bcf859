"""How personal data looks in lists, logs and before those who need not know: 脱敏. Pure.

Masking is done in Python on the opened value; what is masked here is never what is stored.
"""

import re
from typing import Final

COMPOUND_SURNAMES: Final = frozenset(
    re.findall(
        "..",
        "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳公冶太叔申屠公孙慕容仲孙"
        "钟离长孙宇文司徒鲜于司空闾丘子车亓官司寇巫马公西颛孙壤驷公良漆雕乐正宰父谷梁拓跋夹谷轩辕令狐段干百里"
        "呼延东郭南门羊舌微生公户公玉公仪梁丘公仲公上公门公山公坚左丘公伯西门公祖第五公乘贯丘公皙南荣东里东宫"
        "仲长子书子桑即墨淳于",
    )
)
"""Two-character surnames 复姓, kept whole."""

LONGEST_STARS: Final = 3


def mask_name(name: str) -> str:
    """Surname and stars: 张三 → 张*, 欧阳娜娜 → 欧阳**; other names keep their first character only."""
    name = name.strip()
    kept = 2 if name[:2] in COMPOUND_SURNAMES and len(name) > 2 else 1
    return name[:kept] + "*" * min(max(len(name) - kept, 1), LONGEST_STARS) if name else ""


def mask_phone(phone: str) -> str:
    """138****5678 for a mobile; a landline keeps its area code and the last three digits."""
    digits = re.sub(r"[^0-9]", "", re.sub(r"^\s*(?:\+|00)86", "", phone))
    if re.fullmatch(r"1[3-9][0-9]{9}", digits):
        return f"{digits[:3]}****{digits[-4:]}"
    landline = re.fullmatch(r"0?(10|2[0-9]|[3-9][0-9]{2})([0-9]{7,8})", digits)
    if landline:
        return f"0{landline[1]}-****{landline[2][-3:]}"
    return "****" + digits[-2:] if len(digits) > 4 else "****"


def mask_resident_number(number: str) -> str:
    """110***********002X: province and last four."""
    return f"{number[:3]}{'*' * 11}{number[-4:]}" if len(number) == 18 else mask_card(number)


def mask_card(number: str) -> str:
    """Stars and the last three: a citizen card, or any other number."""
    return "*" * 6 + number[-3:] if len(number) > 6 else "*" * 6


ADMINISTRATIVE: Final = re.compile(
    r"(?:.{2,8}?(?:省|自治区|特别行政区))?(?:[^省]{1,10}?(?:市|自治州|地区|盟))?(?:[^市]{1,10}?(?:[区县旗]|市))?"
)


def mask_address(address: str) -> str:
    """The district, and stars for all below it: 某市西湖区文三路1号 → 某市西湖区***."""
    address = address.strip()
    if not address:
        return ""
    found = ADMINISTRATIVE.match(address)
    kept = found[0] if found else ""
    # "小区" and "园区" are no district: what stands before them would name the very place.
    return "***" if kept.endswith(("小区", "园区", "社区")) else kept + "***"


# One character for one: positions in the folded text are positions in the original.
_DIGITS: Final = str.maketrans(
    "０１２３４５６７８９Ｘｘ－—–―　＋〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖",
    "0123456789Xx---- +001234567891123456789",
)
_GAP = r"[ \-.]?"
_AREA = "(?:10|2[0-9]|[3-9][0-9]{2})"
_PERSONAL: Final = re.compile(
    rf"""
    (?P<id>(?<![0-9]) [1-9][0-9]{{5}} {_GAP} (?:18|19|20)[0-9]{{2}} {_GAP} [01][0-9][0-3][0-9]
       {_GAP} [0-9]{{3}}[0-9Xx] (?![0-9]))
  | (?P<id15>(?<![0-9]) [1-9][0-9]{{5}} [0-9]{{2}}[01][0-9][0-3][0-9] [0-9]{{3}} (?![0-9]))
  | (?P<mobile>(?<![0-9]) (?:\+?86{_GAP})? 1[3-9][0-9] (?:{_GAP}[0-9]){{8}} (?![0-9]))
  | (?P<landline>(?<![0-9]) (?:0{_AREA}|\(0{_AREA}\)) {_GAP} [2-8] (?:{_GAP}[0-9]){{6,7}} (?![0-9]))
  | (?:电话|座机|来电|致电)[^0-9]{{0,5}}(?P<local>[2-8][0-9]{{6,7}} (?![0-9]))
  | (?P<card>(?<![0-9]) [0-9] (?:{_GAP}[0-9]){{14,18}} (?![0-9]))
  | (?P<email>[A-Za-z0-9._%+\-]{{1,64}}@[A-Za-z0-9\-]{{1,63}}(?:\.[A-Za-z0-9\-]{{1,63}}){{1,4}})
    """,
    re.VERBOSE,
)


def folded(text: str) -> str:
    """The text with full-width and Chinese digits as ASCII's, one character for one: positions stay."""
    return text.translate(_DIGITS)


def scrub(text: str) -> str:
    """Free text without the numbers that identify people; everything else stays as it is.

    Mobiles, landlines with area code, local numbers that are called a telephone, resident IDs, bank and other
    cards, mail addresses; also full-width, spaced, or in Chinese numerals.

    For lists and logs. Names and addresses in prose are not found: a confidential reporter's text
    is withheld, not scrubbed.
    """
    parts, end = [], 0
    for found in _PERSONAL.finditer(folded(text)):
        kind = found.lastgroup or ""
        parts.append(text[end : found.start(kind)])
        parts.append(_scrubbed(kind, found[kind]))
        end = found.end(kind)
    parts.append(text[end:])
    return "".join(parts)


def _scrubbed(kind: str, found: str) -> str:
    match kind:
        case "mobile" | "landline":
            return mask_phone(found)
        case "id":
            return mask_resident_number(re.sub(r"[ \-.]", "", found))
        case "email":
            return "***@***"
        case _:
            return "*" * 6
