import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from foundation.identity_numbers import (
    BadCitizenCard,
    BadCreditCode,
    BadResidentNumber,
    parse_citizen_card,
    parse_credit_code,
    parse_resident_number,
    upgrade_15,
)

VECTORS = Path(__file__).parents[2].parent / "shared" / "data" / "identity"


def vectors(name: str) -> dict:
    if not VECTORS.is_dir():
        pytest.skip("the folder of shared test data is not there")
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def test_resident_numbers_are_judged_as_the_vectors_say():
    differing = []
    for vector in vectors("resident_id.json")["vectors"]:
        try:
            parsed = parse_resident_number(vector["input"])
        except BadResidentNumber:
            parsed = None
        # Sloppy but readable input (valid: null) is put right: that is our policy.
        if (parsed is not None) != (vector["valid"] is not False):
            differing.append(vector)
        elif parsed and "birth" in vector:
            assert (parsed.sex, parsed.birth.isoformat(), parsed.region) == (
                vector["sex"],
                vector["birth"],
                vector["region"],
            )
            assert parsed.region_name
    assert differing == []


def test_fifteen_digit_numbers_are_upgraded_as_the_vectors_say():
    for pair in vectors("resident_id.json")["convert_15_to_18"]:
        assert upgrade_15(pair["id15"]) == pair["id18"]
        with pytest.raises(BadResidentNumber):
            parse_resident_number(pair["id15"])


def test_credit_codes_are_judged_as_the_vectors_say():
    for vector in vectors("uscc.json")["vectors"]:
        try:
            parsed = parse_credit_code(vector["input"])
        except BadCreditCode:
            assert vector["valid"] is False, vector
            assert "gb32100_check_char" not in vector, vector
            continue
        assert parsed.check_fits == (vector["valid"] is not False), vector
        assert bool(parsed.warnings) == (vector["valid"] is False), vector
        if "gb32100_check_char" in vector:
            assert parsed.check_character == vector["gb32100_check_char"], vector
            assert parsed.organisation_check_fits == vector["org_code_check_ok"], vector


counties = st.sampled_from(["110101", "440524", "330681", "110228", "500101", "542421", "810000", "830000"])


@given(
    region=counties, birth=st.dates(date(1880, 1, 1), date(2026, 11, 22)), sequence=st.integers(0, 999), data=st.data()
)
def test_a_number_made_by_the_standard_is_good_and_no_other_digit_fits(region, birth, sequence, data):
    body = f"{region}{birth:%Y%m%d}{sequence:03}"
    number = body + ric.calc_check_digit(body + "0")
    parsed = parse_resident_number(number, today=date(2026, 11, 22))
    assert (parsed.number, parsed.birth, parsed.sex) == (number, birth, "FM"[sequence % 2])
    at = data.draw(st.integers(0, 17))
    wrong = data.draw(st.sampled_from([c for c in "0123456789X" if c != number[at]]))
    with pytest.raises(BadResidentNumber):
        parse_resident_number(number[:at] + wrong + number[at + 1 :])


@given(st.text(max_size=30))
def test_no_text_breaks_the_checks(text):
    for parse, refusal in (
        (parse_resident_number, BadResidentNumber),
        (parse_credit_code, BadCreditCode),
        (parse_citizen_card, BadCitizenCard),
        (upgrade_15, BadResidentNumber),
    ):
        try:
            parse(text)
        except refusal as refused:
            assert refused.message.endswith("。")


def number_with(body: str) -> str:
    return body + ric.calc_check_digit(body + "0")


def test_a_birth_date_after_today_is_refused():
    number = number_with("11010120261123001")
    with pytest.raises(BadResidentNumber, match="晚于今天"):
        parse_resident_number(number, today=date(2026, 11, 22))
    assert parse_resident_number(number, today=date(2026, 11, 23)).age_on(date(2027, 11, 22)) == 0


def test_regions_must_lie_in_a_province_and_may_be_abolished_or_unknown():
    with pytest.raises(BadResidentNumber, match="地区"):
        parse_resident_number(number_with("99010119900101001"))
    assert parse_resident_number(number_with("11010319900101001")).region_name == "北京市崇文区"
    assert parse_resident_number(number_with("33068119900101001")).region_name == "浙江省绍兴市诸暨市"
    assert parse_resident_number(number_with("11019919900101001")).region_name is None
    assert parse_resident_number(number_with("83000019900101001")).region_name == "台湾省"


def test_a_number_is_not_printed():
    assert "1949" not in repr(parse_resident_number("11010519491231002X"))


def test_citizen_cards():
    assert parse_citizen_card(" a12345678") == "A12345678"
    assert parse_citizen_card("６２１０ ００００ １２３４") == "621000001234"
    for bad in ("", "1234567", "AB1234567", "1" * 20, "张1234567"):
        with pytest.raises(BadCitizenCard):
            parse_citizen_card(bad)
