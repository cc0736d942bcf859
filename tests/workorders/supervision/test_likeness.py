"""How much two texts say the same."""

from hypothesis import given
from hypothesis import strategies as st

from workorders.supervision.likeness import likeness, runs

texts = st.text(alphabet="漏水东街abc１２ ，。\n", max_size=40)


@given(texts, texts)
def test_it_is_between_none_and_all_whichever_comes_first(one: str, other: str) -> None:
    found = likeness(runs(one), runs(other))
    assert 0 <= found <= 1
    assert found == likeness(runs(other), runs(one))


@given(texts)
def test_a_text_is_like_itself_however_it_is_spaced(text: str) -> None:
    spaced = "  ".join(text) + "！"
    assert runs(text) == runs(spaced)
    assert likeness(runs(text), runs(text)) == (1.0 if runs(text) else 0.0)


def test_a_word_more_is_nearly_the_same_and_another_matter_is_not() -> None:
    leak = "小区门口水管漏水，昨晚开始一直漏，路面已经结冰，老人出门很不方便。"
    assert likeness(runs(leak), runs(f"{leak}请尽快处理。")) > 0.7
    assert likeness(runs(leak), runs("路灯坏了三天，整条街漆黑一片，请派人来修。")) < 0.1
