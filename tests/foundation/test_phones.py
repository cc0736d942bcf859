import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.phones import BadPhone, NotAMobile, parse_mobile, parse_phone


@pytest.mark.parametrize(
    "text",
    ["13812345678", "138 1234 5678", "138-1234-5678", "+86 13812345678", "008613812345678", "１３８１２３４５６７８"],
)
def test_a_mobile_has_one_form(text):
    phone = parse_mobile(text)
    assert (phone.e164, phone.national, phone.is_mobile) == ("+8613812345678", "13812345678", True)


@pytest.mark.parametrize("text", ["0571-88123456", "(0571) 88123456", "+86 571 8812 3456", "057188123456转8001"])
def test_a_landline_has_one_form(text):
    phone = parse_phone(text)
    assert (phone.e164, phone.national, phone.is_mobile) == ("+8657188123456", "057188123456", False)


def test_a_local_number_needs_the_citys_area_code():
    assert parse_phone("88123456", area_code="0571").e164 == "+8657188123456"
    with pytest.raises(BadPhone):
        parse_phone("88123456")


def test_foreign_numbers_are_phones_but_take_no_text_message_here():
    assert parse_phone("+85261234567").national == "+85261234567"
    with pytest.raises(NotAMobile):
        parse_mobile("+85261234567")


@pytest.mark.parametrize(
    "text", ["", "1", "12812345678", "1381234567", "138123456789", "0571", "张三", "1" * 5000, "\0"]
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(BadPhone):
        parse_phone(text)


@given(st.text(max_size=60))
def test_no_text_breaks_the_check(text):
    try:
        phone = parse_phone(text, area_code="0571")
    except BadPhone:
        return
    assert parse_phone(phone.e164) == phone


def test_numbers_are_not_printed():
    assert "1234" not in repr(parse_mobile("13812345678"))
