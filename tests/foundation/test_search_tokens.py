from hypothesis import given
from hypothesis import strategies as st

from foundation.crypto import Keyring, new_key_setting
from foundation.search_tokens import MOST_QUERY_TOKENS, MOST_TOKENS, SearchTokens, tokens

search = SearchTokens(Keyring.from_settings(new_key_setting("k1"), new_key_setting("h1")))

chinese = st.text("路灯坏了三天没人修水管漏西湖区文", min_size=2, max_size=40)


def test_chinese_is_cut_into_bigrams_words_and_figures_stay_whole():
    assert tokens("路灯坏了，ＷiFi也没有3天") == ["路灯", "灯坏", "坏了", "wifi", "也没", "没有", "3", "天"]
    assert tokens(" ，。!") == []


@given(before=chinese, phrase=chinese, after=chinese)
def test_a_text_is_found_by_every_phrase_in_it(before, phrase, after):
    stored = set(search.of_text(before + phrase + after))
    assert set(search.of_query(phrase)) <= stored


@given(text=chinese)
def test_width_and_case_do_not_matter(text):
    assert search.of_text(text + "ABC123") == search.of_text(text + "ａｂｃ１２３")


def test_a_text_is_not_found_by_what_is_not_in_it():
    stored = set(search.of_text("小区路灯坏了三天没人修"))
    assert not set(search.of_query("路灯亮了")) <= stored
    assert not set(search.of_query("水管")) <= stored


@given(st.text())
def test_stored_tokens_show_nothing_of_the_text_and_are_sorted(text):
    stored = search.of_text(text)
    assert stored == sorted(set(stored))
    assert all(token.startswith("h1.") and len(token) == 17 for token in stored)


def test_another_key_gives_other_tokens():
    other = SearchTokens(Keyring.from_settings(new_key_setting("k1"), new_key_setting("h1")))
    assert not set(other.of_text("路灯坏了")) & set(search.of_text("路灯坏了"))


def test_the_number_of_tokens_is_bounded():
    long = "".join(chr(0x4E00 + n) for n in range(20_000))
    assert len(search.of_text(long)) == MOST_TOKENS
    assert len(search.of_query(long)) == MOST_QUERY_TOKENS
    assert len(tokens("a" * 10_000)) == 1
