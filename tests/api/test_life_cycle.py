"""A complaint from the first call to the archive, over HTTP, each step by the role whose it is."""

from tests.api.serving import Api, Json


async def test_a_complaint_is_dispatched_handled_called_back_and_archived(api: Api) -> None:
    order = await api.intake()
    steps: list[tuple[str, str, Json, str]] = [
        ("dispatcher", "Dispatch", {"lead": "unit:water"}, "DISPATCHED"),
        ("water", "Sign", {}, "IN_PROGRESS"),
        ("water", "Contact", {"reached": True, "said": "已约好上门时间。"}, "IN_PROGRESS"),
        ("water", "SubmitReply", {"outcome": "SOLVED", "answer": "已修复。"}, "UNIT_REVIEW"),
        ("water-head", "UnitApprove", {}, "HOTLINE_REVIEW"),
        ("reviewer", "HotlineAccept", {}, "CALLBACK"),
        ("zhang", "Rate", {"grade": 1, "solved": True}, "CLOSED"),
    ]
    for who, action, input, status in steps:
        answer = await api.act(who, action, order, **input)
        assert (answer["__typename"], answer.get("status")) == ("Order", status), answer
