"""Rule packs: read, named and refused."""

import re
from importlib import resources

import pytest
from pydantic import ValidationError

from foundation.data_files import DataFileInvalid
from workorders.deadlines import Kind, Limit, LimitUnit, RulePack, SupervisionLevel, Urgency, shipped_pack

TEXT = (resources.files("workorders.deadlines") / "packs" / "default.toml").read_text(encoding="utf-8")


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def working_days(n: int) -> Limit:
    return Limit(unit=LimitUnit.WORKING_DAYS, amount=n)


def clock(minutes: int) -> Limit:
    return Limit(unit=LimitUnit.CLOCK_MINUTES, amount=minutes)


def working(minutes: int) -> Limit:
    return Limit(unit=LimitUnit.WORKING_MINUTES, amount=minutes)


def test_the_default_pack_holds_the_figures_of_the_design() -> None:
    pack = shipped_pack()
    for urgency, dispatch, sign in (
        (Urgency.NORMAL, working(225), working(120)),
        (Urgency.URGENT, clock(30), clock(30)),
        (Urgency.EMERGENCY, clock(30), clock(30)),
    ):
        assert (pack.dispatch.of(urgency), pack.sign.of(urgency)) == (dispatch, sign)
    assert (pack.contact.normal, pack.contact.after_sign) == (clock(24 * 60), working(120))
    assert pack.contact.percent_of_reply == 50
    assert {kind: pack.reply.of_kind(kind).amount for kind in Kind} == {
        Kind.CONSULT: 1,
        Kind.HELP: 5,
        Kind.COMPLAINT: 5,
        Kind.REPORT: 5,
        Kind.SUGGESTION: 5,
    }
    assert {pack.reply.of_kind(kind).unit for kind in Kind} == {LimitUnit.WORKING_DAYS}
    reply = pack.reply
    assert (reply.complex, reply.supervised, reply.redo) == (working_days(15), working_days(3), working_days(3))
    assert (reply.urgent, reply.emergency) == (clock(24 * 60), clock(2 * 60))
    assert (pack.hotline_review, pack.callback, pack.rectification) == tuple(map(working_days, (1, 3, 15)))
    assert (pack.return_window, pack.acknowledge) == (working_days(1), clock(10))
    assert (pack.upstream.ahead_working_days, pack.upstream.percent_of_rest) == (1, 50)
    assert pack.upstream.expected_satisfaction_percent == 95
    assert (pack.lights.yellow_working_days, pack.lights.yellow_last_percent) == (1, 20)
    caps = pack.caps
    assert (caps.returns, caps.extensions, caps.extension_working_days) == (2, 3, 3)
    assert (caps.redos, caps.callback_attempts) == (1, 3)
    supervision = pack.supervision
    assert [supervision.of(level) for level in SupervisionLevel] == list(map(working_days, (3, 2, 1)))
    assert min(supervision.red_light, supervision.upstream, supervision.bad_callback) == 1
    assert supervision.bad_again > supervision.bad_callback
    switches = pack.switches
    assert (switches.auto_sign, switches.auto_dispatch) == (False, False)
    assert (switches.unit_review, switches.hotline_review) == (True, True)


def test_a_pack_is_named_by_its_content_and_not_by_its_title() -> None:
    pack = shipped_pack()
    assert re.fullmatch(r"[0-9a-f]{16}", pack.id)
    retitled = RulePack.from_toml(TEXT.replace("默认规则包", "某市规则包"))
    respelled = RulePack.from_toml(TEXT.replace("working_hours = 2", "working_minutes = 120"))
    assert pack.id == retitled.id == respelled.id
    assert pack.id != RulePack.from_toml(TEXT.replace("working_days = 15", "working_days = 14")).id
    assert RulePack.model_validate(pack.model_dump(mode="json")).id == pack.id
    changed = pack.model_copy(update={"callback": working_days(5)})
    assert changed.id != pack.id == changed.model_copy(update={"callback": pack.callback}).id


def test_a_pack_of_an_earlier_release_is_read_up_and_keeps_its_name() -> None:
    """What it did not know is the default's; what it said stays, and so does the name that deadlines give."""
    pack = shipped_pack().model_copy(update={"callback": working_days(5)})
    content = pack.model_dump(mode="json")
    assert RulePack.recorded(content, pack.id) == pack
    del content["escalation"]
    del content["lights"]["overdue_days"]
    earlier = RulePack.recorded(content, "0123456789abcdef")
    assert earlier.id == "0123456789abcdef"
    assert earlier == pack
    with pytest.raises(ValidationError):
        RulePack.recorded({**content, "unknown": 1}, pack.id)


def test_a_pack_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        shipped_pack().caps.returns = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("complex = { working_days = 15 }", "complex = { working_day = 15 }", "working_days"),
        ("complex = { working_days = 15 }", "complex = 15", "reply.complex"),
        ("complex = { working_days = 15 }", "complex = { working_days = 1.5 }", "1.5"),
        ("complex = { working_days = 15 }", "complex = { working_days = 0 }", "reply.complex"),
        ("complex = { working_days = 15 }", "complex = { working_days = 1001 }", "1000 天"),
        ("complex = { working_days = 15 }", "complex = { working_days = true }", "不是整数"),
        ("complex = { working_days = 15 }", "complex = { working_days = 1, clock_hours = 1 }", "之一"),
        ("emergency = { clock_hours = 2 }", "emergency = { working_hours = 2 }", "自然时间"),
        ("urgent = { clock_hours = 24 }", "urgent = { calendar_days = 1 }", "自然时间"),
        ("percent_of_reply = 50", "percent_of_reply = 100", "percent_of_reply"),
        ("returns = 2", "returns = -1", "caps.returns"),
        ("returns = 2", "retruns = 2", "retruns"),
        ("auto_sign = false", 'auto_sign = "perhaps"', "auto_sign"),
        ("callback_attempts = 3", "callback_attempts = 0", "callback_attempts"),
        ("red_light = 1", "red_light = 4", "supervision.red_light"),
        ("bad_again = 2", "bad_again = true", "supervision.bad_again"),
        ("key = { working_days = 2 }", "key = 2", "supervision.key"),
        ("repeated_times = 3", "repeated_times = 1", "supervision.repeated_times"),
        ("repeated_days = 30", "repeated_day = 30", "repeated_days"),
        ("yellow_last_percent = 20", "yellow_last_percent = 20 %", "TOML"),
    ],
)
def test_a_fault_is_told_with_its_line(old: str, new: str, says: str) -> None:
    assert old in TEXT
    text = TEXT.replace(old, new, 1)
    with pytest.raises(DataFileInvalid) as refused:
        RulePack.from_toml(text, name="city.toml")
    wanted = f"city.toml:{line_of(text, new)}："
    fault = next(fault.message for fault in refused.value.fields if fault.message.startswith(wanted))
    assert says in fault


def test_a_file_of_before_appeals_goes_by_five_working_days() -> None:
    line = next(line for line in TEXT.splitlines() if line.startswith("appeal_window"))
    pack = RulePack.from_toml(TEXT.replace(line, ""))
    assert pack.appeal_window == working_days(5)
    assert pack.id == shipped_pack().id


def test_what_is_missing_is_told_with_the_line_of_its_table() -> None:
    text = TEXT.replace("complex = { working_days = 15 }", "")
    with pytest.raises(DataFileInvalid) as refused:
        RulePack.from_toml(text, name="city.toml")
    [fault] = refused.value.fields
    assert fault.path == f"city.toml:{line_of(text, '[reply]')}"
    assert "reply.complex" in fault.message


def test_caps_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(DataFileInvalid, match="累计上限"):
        RulePack.from_toml(TEXT.replace("extension_working_days = 3", "extension_working_days = 10"))


def test_only_packs_that_come_with_the_program_are_found_by_name() -> None:
    for name in ("atlantis", "../packs/default", ""):
        with pytest.raises(ValueError, match="规则包"):
            shipped_pack(name)
