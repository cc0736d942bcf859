import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.masking import mask_address, mask_card, mask_name, mask_phone, mask_resident_number, scrub


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"),
        ("王小明", "王**"),
        ("欧阳锋", "欧阳*"),
        ("欧阳娜娜", "欧阳**"),
        ("欧阳", "欧*"),
        ("李", "李*"),
        ("阿卜杜拉·买买提", "阿***"),
        ("John Smith", "J***"),
        ("", ""),
    ],
)
def test_a_name_keeps_its_surname(name, masked):
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812345678", "138****5678"),
        ("+8613812345678", "138****5678"),
        ("+8657188123456", "0571-****456"),
        ("010-66554433", "010-****433"),
        ("12345", "****45"),
        ("110", "****"),
    ],
)
def test_a_phone_keeps_what_its_owner_recognises(phone, masked):
    assert mask_phone(phone) == masked


def test_numbers_keep_their_end():
    assert mask_resident_number("11010519491231002X") == "110***********002X"
    assert mask_card("A12345678") == "******678"
    assert mask_card("123456") == "******"


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("浙江省杭州市西湖区文三路1号", "浙江省杭州市西湖区***"),
        ("西湖区文三路1号2幢301室", "西湖区***"),
        ("浙江省诸暨市暨阳街道", "浙江省诸暨市***"),
        ("文三路1号", "***"),
        ("翠苑小区3幢2单元", "***"),
        ("", ""),
    ],
)
def test_an_address_keeps_its_district(address, masked):
    assert mask_address(address) == masked


DIGITS_SHOWN = re.compile(r"[0-9０-９一二三四五六七八九〇零幺]{7,}")


@pytest.mark.parametrize(
    "secret",
    [
        "13812345678",
        "138-1234-5678",
        "138 1234 5678",
        "１３８１２３４５６７８",
        "一三八一二三四五六七八",
        "幺三八幺二三四五六七八",
        "+8613812345678",
        "0571-88123456",
        "(0571)88123456",
        "010 66554433",
        "11010519491231002X",
        "110105 19491231 002x",
        "110105491231002",
        "6222021234567890123",
        "电话88123456",
        "座机：8812345",
        "zhang.san@example.com",
    ],
)
@pytest.mark.parametrize("frame", ["请联系{}，谢谢。", "{}", "本人({})反映", "编号A{}B"])
def test_what_identifies_a_person_is_gone_from_free_text(secret, frame):
    scrubbed = scrub(frame.format(secret))
    assert not DIGITS_SHOWN.search(scrubbed.replace("-", "").replace(" ", ""))
    assert "zhang.san" not in scrubbed
    before, after = frame.split("{}")
    assert scrubbed.startswith(before) or "@" in secret  # a letter before an address belongs to it
    assert scrubbed.endswith(after) or "@" in secret
    assert "*" in scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "2026年11月22日8点30分，3栋2单元1201室漏水",
        "工单260301000123",
        "罚款12,345.67元",
        "从2019-01-01到2020-12-31",
        "三十二路公交车一小时没有一辆",
        "邮编310000",
    ],
)
def test_other_figures_stay(text):
    assert scrub(text) == text


@given(st.text())
def test_scrubbing_never_fails_and_is_done_in_one_go(text):
    once = scrub(text)
    assert scrub(once) == once


@given(
    st.text(alphabet=st.characters(exclude_categories=["Nd", "Nl", "No"]), max_size=200).filter(lambda t: "@" not in t)
)
def test_text_without_figures_is_left_alone(text):
    assert set("〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖") & set(text) or scrub(text) == text
