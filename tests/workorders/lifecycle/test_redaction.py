"""Whatever a text says of who reported, however it is spaced, is not in it afterwards."""

from hypothesis import given
from hypothesis import strategies as st

from workorders.lifecycle.redaction import SHORTEST_ADDRESS_PART, Reported, redacted

names = st.text("王李张刘陈杨欧阳司马建国伟芳娜敏静强磊军洋", min_size=2, max_size=4)
phones = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
addresses = st.text("东西南北中街路巷弄号单元室幢0123456789", min_size=SHORTEST_ADDRESS_PART, max_size=20)
prose = st.text("今天小区门口水管漏水请派人来看一下谢谢，。；\n", max_size=30)
gaps = st.sampled_from(["", " ", "  ", "·", "-", "，"])


@given(names, phones, addresses, st.lists(prose, min_size=5, max_size=5), gaps)
def test_name_phone_and_address_are_taken_out(
    name: str, phone: str, address: str, between: list[str], gap: str
) -> None:
    known = Reported(name, f"+86{phone}", address)
    spaced = gap.join(name)
    told = f"{between[0]}{name}{between[1]}{phone}{between[2]}{address}{between[3]}{spaced}{between[4]}"
    text = redacted(told, known)
    bare = "".join(character for character in text if character not in " ·-，")
    assert name not in text
    assert spaced not in text
    assert phone not in bare
    assert not any(
        address[start : start + SHORTEST_ADDRESS_PART] in text
        for start in range(len(address) - SHORTEST_ADDRESS_PART + 1)
    )


@given(prose)
def test_a_text_that_says_nothing_of_anybody_stays(text: str) -> None:
    assert redacted(text, Reported("欧阳娜娜", "+8613800138000", "东街1号3单元502室")) == text


def test_a_surname_with_its_title_goes_too() -> None:
    assert redacted("请联系欧阳女士。", Reported("欧阳娜娜")) == "请联系***。"
    assert redacted("张先生说过，张家港不在此列。", Reported("张三")) == "***说过，张家港不在此列。"


def test_the_own_number_goes_however_its_digits_are_written() -> None:
    known = Reported(phone="+8613912345678")
    for written in ("13912345678", "一三九一二三四五六七八", "幺三九 一二三四 五六七八", "１３９-１２３４-５６７８"):
        assert redacted(f"电话{written}，急。", known) == "电话***，急。"
