"""The packs of cities: what their sources give, what two of them differ in, and what becomes of a spoiled one."""

import re
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundation.data_files import DataFileInvalid
from workorders.deadlines import Limit, LimitUnit, RulePack, shipped_pack
from workorders.deadlines.comparing import NAMES, Difference, Effect, differences, rows
from workorders.deadlines.packs import MOST_LINES, shipped_names
from workorders.deadlines.wording import limit_in_words

PACKS = resources.files("workorders.deadlines") / "packs"
TEXTS = {name: (PACKS / f"{name}.toml").read_text(encoding="utf-8") for name in shipped_names()}
TEXT = TEXTS["default"]


def days(n: int) -> Limit:
    return Limit(unit=LimitUnit.WORKING_DAYS, amount=n)


def calendar_days(n: int) -> Limit:
    return Limit(unit=LimitUnit.CALENDAR_DAYS, amount=n)


# What they hold


def test_the_default_comes_first_and_beside_it_three_cities() -> None:
    assert shipped_names() == ("default", "beijing-2021", "lvliang-2024", "shandong-2020")
    assert len({shipped_pack(name).id for name in shipped_names()}) == 4


@pytest.mark.parametrize("name", shipped_names()[1:])
def test_a_city_s_pack_is_short_and_says_of_every_figure_where_it_comes_from(name: str) -> None:
    """Behind it, behind the name of its table, or once for what follows."""
    lines = TEXTS[name].splitlines()
    assert len(lines) < 200
    for_all = False
    for line in lines:
        code, _, comment = line.partition("#")
        if not code.strip() or code.startswith(("[", "title")):
            for_all = bool(comment)
        else:
            for_all = for_all or "below" in comment or "what follows" in comment
            assert comment or for_all, line


def test_shandong() -> None:
    pack = shipped_pack("shandong-2020")
    assert pack.return_window == days(1)
    assert {pack.reply.help, pack.reply.complaint, pack.reply.report, pack.reply.suggestion} == {days(5)}
    assert (pack.caps.returns, pack.caps.extension_working_days_in_all) == (2, 10)
    assert pack.lights.yellow_working_days == 1


def test_lvliang() -> None:
    pack = shipped_pack("lvliang-2024")
    assert pack.dispatch.urgent == Limit(unit=LimitUnit.CLOCK_MINUTES, amount=30)
    assert pack.return_window == days(1)
    assert (pack.caps.returns, pack.caps.extensions, pack.caps.extension_working_days) == (2, 3, 3)


def test_beijing() -> None:
    reply = shipped_pack("beijing-2021").reply
    assert (reply.emergency.amount, reply.urgent.amount) == (2 * 60, 24 * 60)
    assert {reply.consult, reply.help, reply.complaint, reply.report, reply.suggestion} == {calendar_days(7)}
    assert reply.complex == calendar_days(15)


# Compared


def test_every_row_has_a_name_of_its_own_that_an_office_knows() -> None:
    assert [row for row, _ in rows(shipped_pack())] == list(NAMES)
    assert len(set(NAMES.values())) == len(NAMES)


@pytest.mark.parametrize("name", shipped_names())
def test_a_pack_does_not_differ_from_itself(name: str) -> None:
    pack = shipped_pack(name)
    assert differences(pack, pack) == differences(pack, RulePack.from_toml(TEXTS[name] + "\n# the same\n")) == ()


def test_what_differs_is_said_in_words() -> None:
    found = {each.row: each for each in differences(shipped_pack(), shipped_pack("shandong-2020"))}
    assert found == {
        "reply.consult": Difference("reply.consult", "办结时限：咨询", "1个工作日", "3个工作日", Effect.LOOSER),
        "caps.extension_working_days": Difference(
            "caps.extension_working_days", "单次延期上限", "3个工作日", "10个工作日", None
        ),
        "caps.extension_working_days_in_all": Difference(
            "caps.extension_working_days_in_all", "累计延期上限", "9个工作日", "10个工作日", None
        ),
    }
    back = {each.row: each.effect for each in differences(shipped_pack("shandong-2020"), shipped_pack())}
    assert back["reply.consult"] is Effect.TIGHTER


@pytest.mark.parametrize(
    ("spelled", "words"),
    [
        ("working_minutes = 225", "225个工作分钟"),
        ("working_minutes = 120", "2个工作小时"),
        ("clock_minutes = 30", "30分钟"),
        ("clock_hours = 24", "24小时"),
        ("calendar_days = 7", "7个自然日"),
        ("working_days = 5", "5个工作日"),
    ],
)
def test_a_limit_in_words(spelled: str, words: str) -> None:
    pack = RulePack.from_toml(TEXT.replace("callback = { working_days = 3 }", f"callback = {{ {spelled} }}"))
    assert limit_in_words(pack.callback) == words


def test_who_is_told_is_said_in_words() -> None:
    text = TEXT.replace("overdue_days = [1, 3, 7]", "overdue_days = []").replace("[escalation.overdue]", "[caps.x]")
    found = re.sub(r"(?s)\[caps.x\].*?\[supervision\]", "[escalation.overdue]\n\n[supervision]", text)
    other = RulePack.from_toml(found.replace('yellow = ["handler"]', 'yellow = ["supervisor", "handler"]'))
    told = {each.row: (each.one, each.other) for each in differences(shipped_pack(), other)}
    assert told.keys() == {"lights.overdue_days", "escalation.yellow", "escalation.overdue"}
    assert told["lights.overdue_days"] == ("1天、3天、7天", "无")
    assert told["escalation.yellow"] == ("经办人", "经办人、督办")
    assert told["escalation.overdue"][0].startswith(
        "第1天：经办人、审核人、派单员、督办；第3天：经办人、审核人、上级单位、"
    )
    swapped = TEXT.replace('red = ["handler", "head", "dispatcher"]', 'red = ["head", "dispatcher", "handler"]')
    assert RulePack.from_toml(swapped).id == shipped_pack().id, "a list's order tells nothing"


@pytest.mark.parametrize(
    ("row", "figure", "words"),
    [
        ("red_light", 0, "否"),
        ("bad_again", 3, "挂牌督办"),
        ("repeated_times", 5, "5件"),
        ("repeated_days", 90, "90天"),
    ],
)
def test_a_row_of_supervision_in_words(row: str, figure: int, words: str) -> None:
    pack = shipped_pack()
    other = pack.model_copy(update={"supervision": pack.supervision.model_copy(update={row: figure})})
    (found,) = differences(pack, other)
    assert (found.row, found.other) == (f"supervision.{row}", words)


FIGURE = re.compile(r"(?<== )\d+|(?<== )(?:true|false)|(?<=days = )\d+|(?<=hours = )\d+|(?<=minutes = )\d+")


def _another(figure: re.Match[str]) -> str:
    switched = {"true": "false", "false": "true"}
    return switched.get(figure[0]) or str(max(1, int(figure[0]) // 2))


@given(st.data())
@settings(max_examples=60)
def test_two_packs_differ_exactly_in_the_rows_that_were_changed(data: st.DataObject) -> None:
    """Any figures of a pack changed in its text: those rows are told, and no other."""
    lines = TEXT.splitlines()
    figures = [n for n, line in enumerate(lines) if FIGURE.search(line.split("#")[0])]
    for n in data.draw(st.sets(st.sampled_from(figures), max_size=5)):
        code, _, comment = lines[n].partition("#")
        lines[n] = f"{FIGURE.sub(_another, code)}#{comment}"
    one = shipped_pack()
    try:
        other = RulePack.from_toml("\n".join(lines))
    except DataFileInvalid:
        return  # caps that contradict each other
    theirs = dict(rows(other))
    assert [each.row for each in differences(one, other)] == [row for row, ours in rows(one) if ours != theirs[row]]
    assert bool(differences(one, other)) is (one.id != other.id)


# Spoiled

MARKS = [b"[", b"]", b"{", b"=", b'"', b"'''", b"\n", b"-", b"."]


def refusal(file: Path) -> list[str]:
    """The faults of a spoiled pack, each with the file and a line of it."""
    with pytest.raises(DataFileInvalid) as refused:
        RulePack.from_file(file)
    messages = [fault.message for fault in refused.value.fields]
    content = file.read_bytes()
    for message in messages:
        named = re.match(rf"{re.escape(file.name)}:(\d+)：", message)
        assert named is not None, message
        assert 1 <= int(named[1]) <= content.count(b"\n") + 1
    return messages


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("complex = { working_days = 15 }", "complx = { working_days = 15 }", "是否应为 complex"),
        ("[reply]", "[replys]", "是否应为 reply"),
        ("complex = { working_days = 15 }", "complex = { wroking_days = 15 }", "是否应为 working_days"),
        ("complex = { working_days = 15 }", "complex = { weeks = 3 }", "时限须为"),
        ("complex = { working_days = 15 }", "complex = { working_days = -15 }", "working_days = -15"),
        ("complex = { working_days = 15 }", "complex = { working_hours = 20_000 }", "working_hours = 20000"),
        ("urgent = { clock_hours = 24 }", "urgent = { working_days = 1 }", "自然时间"),
        ("returns = 2", "returns = -2", "不能小于 0"),
        ("returns = 2", 'returns = "2"', "应为整数"),
        ("returns = 2", "returns = true", "应为整数"),
        ("returns = 2", "returns = 2.0", "应为整数"),
        ("auto_sign = false", "auto_sign = 0", "应为 true 或 false"),
        ("returns = 2", "", "缺少此项"),
        ("callback = { working_days = 3 }", "", "缺少此项"),
        ('title = "默认规则包"', "title = 默认规则包", "值不正确（文字须加引号）"),
        ('title = "默认规则包"', 'title = "默认规则包', "有不允许的控制字符"),
        ("[reply]", "[reply", "表名后面缺少 ]"),
        ("[reply]", "[sign]", "同一个表写了两次"),
        ("returns = 2", "returns = 2\nreturns = 3", "同一项写了两次"),
        ("returns = 2", "returns 2", "名称后面缺少 ="),
        ("returns = 2", "returns = 2 3", "行末有多余的内容"),
        ("returns = 2", f"returns = {'9' * 5000}", "数字过长"),
        ("returns = 2", f"returns = {'[' * 5000}", "嵌套过深"),
        ("returns = 2", "returns = 2026-02-30", "日期不存在"),
        ("returns = 2", "returns = { a = { b = ", "不是有效的 TOML"),
        ("extension_working_days = 3", "extension_working_days = 30", "累计上限"),
        ("overdue_days = [1, 3, 7]", "overdue_days = [1, 7, 3]", "从小到大"),
        ("overdue_days = [1, 3, 7]", "overdue_days = [1, 3, 3, 7]", "不能重复"),
        ("overdue_days = [1, 3, 7]", "overdue_days = [0, 1, 3, 7]", "不能小于 1"),
        ("overdue_days = [1, 3, 7]", "overdue_days = [1, 3, 7, 367]", "不能大于 366"),
        ("overdue_days = [1, 3, 7]", "overdue_days = [1, 3, 7.5]", "应为整数"),
        ("overdue_days = [1, 3, 7]", "overdue_days = 7", "应为列表"),
        ('yellow = ["handler"]', 'yellow = ["handlers"]', "之一"),
        ('yellow = ["handler"]', 'yellow = ["handler", "handler"]', "handler 写了两次"),
        ('yellow = ["handler"]', 'yellow = "handler"', "应为列表"),
        ('red = ["handler", "head", "dispatcher"]', "red = []", "至少要有 1 项"),
        ('yellow = ["handler"]', 'amber = ["handler"]', "没有这一项"),
        ("[escalation.overdue]", "[escalation.overdu]", "是否应为 overdue"),
        ('7 = ["head"', 'seven = ["head"', "应为整数"),
        ('7 = ["head"', '0 = ["head"', "不能小于 1"),
        ('7 = ["head"', '6 = ["head"', "须与 lights.overdue_days 相同，不同的是 6、7"),
        ("overdue_days = [1, 3, 7]", "overdue_days = [1, 3, 7, 14]", "不同的是 14"),
    ],
)
def test_a_fault_is_told_in_chinese_with_its_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in TEXT
    spoiled = TEXT.replace(old, new, 1)
    file = tmp_path / "city.toml"
    file.write_text(spoiled, encoding="utf-8")
    [told] = [message for message in refusal(file) if says in message]
    changed = [
        n for n, (was, now) in enumerate(zip(TEXT.splitlines(), spoiled.splitlines(), strict=False), 1) if was != now
    ]
    if new:
        # What two rows contradict each other in is told with their table.
        table = {"累计上限": "[caps]", "不同的是": "[escalation]"}
        tolerated = {changed[0], changed[0] + 1}
        tolerated |= {line_of(spoiled, header) for part, header in table.items() if part in says}
        assert int(told.split("：")[0].rpartition(":")[2]) in tolerated


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_every_fault_is_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "city.toml"
    file.write_text(TEXT.replace("returns = 2", "retruns = 2").replace("help = ", "hlep = "), encoding="utf-8")
    told = refusal(file)
    lines = [int(message.split("：")[0].rpartition(":")[2]) for message in told]
    assert lines == sorted(lines)
    assert len(told) == 4  # each misspelt, and each missing


def test_what_is_no_text_in_utf8_or_no_pack_at_all_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "city.toml"
    for content, says in (
        (TEXT.encode("gb18030"), "UTF-8"),
        (TEXT.encode("utf-16"), "UTF-8"),
        (TEXT.encode() + b"\n# \xff", "UTF-8"),
        (bytes(range(256)) * 100, "UTF-8"),
        (b"\x7fELF\x02\x01\x01" + bytes(1000), "不是有效的 TOML"),
        (b"title = 'a\x00b'", "控制字符"),
        (b"", "缺少此项"),
        (b"\n" * 10_000, "文件过长"),
        ("\n".join(f"key{n} = {n}" for n in range(10_000)).encode(), "文件过长"),
        (b"x" * 2_000_000, "文件过长"),
        (b"a = 1\n" * 400_000, "文件过长"),
    ):
        file.write_bytes(content)
        assert any(says in message for message in refusal(file)), content[:40]
    file.write_bytes(TEXT.encode() + b"\n" * (MOST_LINES - TEXT.count("\n")))
    assert RulePack.from_file(file).id == shipped_pack().id
    file.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())  # as a Windows editor saves it
    assert RulePack.from_file(file).id == shipped_pack().id


@given(st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_pack_spoiled_anyhow_is_taken_or_refused_with_a_line(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(TEXT.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        piece = data.draw(
            st.binary(max_size=6) | st.sampled_from([b"[", b"]", b"{", b"=", b'"', b"'''", b"\n", b"-", b"."])
        )
        content[start : start + data.draw(st.integers(0, 8))] = piece
    file = tmp_path / "city.toml"
    file.write_bytes(content)
    try:
        RulePack.from_file(file)
    except DataFileInvalid:
        assert refusal(file)
