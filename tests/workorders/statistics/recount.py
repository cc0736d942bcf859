"""The figures counted from the stored events, without any of the program's own counting: what they mean, once more.

Events are read as they lie in the database. Each order is told as a little story, and each figure is asked of it in its
own words.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from foundation.database import Database

Raw = dict[str, Any]
Told = dict[str, tuple[int, int, dict[str, int]]]
"""By figure: above the line, below it, and what is left out why."""

CODES = {"withdraw": "withdrawn", "reject": "rejected"}


@dataclass
class Stay:
    raw: Raw
    extended: bool = False
    suspended: bool = False
    replied_at: datetime | None = None
    signed: tuple[datetime, bool] | None = None
    contacted_at: datetime | None = None
    end: tuple[str, datetime] | None = None

    @property
    def units(self) -> list[str]:
        return list(self.raw["ancestors"])

    def move(self, moved: Raw) -> None:
        for term in ("sign", "contact", "reply"):
            if term in moved:
                self.raw[term] = moved[term]

    def due(self, term: str) -> datetime:
        return _moment(self.raw[term]["due"])


@dataclass
class Story:
    intake: Raw
    stays: dict[str, Stay] = field(default_factory=dict)
    gone: str | None = None
    excluded: bool = False
    merged: bool = False
    closed: tuple[str, datetime] | None = None
    asked: Raw | None = None
    came_to_callback: tuple[datetime, Stay | None] | None = None
    attempts: int = 0
    unreached: bool = False
    redone: bool = False
    answer: tuple[int, bool, datetime, Stay | None] | None = None
    handled: tuple[timedelta, Stay] | None = None
    received_at: datetime | None = None
    supervisions: dict[str, Raw] = field(default_factory=dict)
    ended_at: datetime | None = None
    decided: list[tuple[Stay, bool]] = field(default_factory=list)
    """Requests for a return: whose, and whether it was refused."""

    @property
    def left_out(self) -> str | None:
        return "excluded" if self.excluded else self.gone or ("merged" if self.merged and not self.redone else None)

    @property
    def open_stays(self) -> list[Stay]:
        return [stay for stay in self.stays.values() if stay.end is None]

    @property
    def leads(self) -> list[Stay]:
        return [stay for stay in self.stays.values() if stay.raw["role"] == "lead"]

    def add(self, raw: Raw) -> None:
        self.stays[raw["id"]] = Stay(dict(raw), replied_at=_optional(raw["replied_at"]))
        if raw["signed_at"] and raw["round"] == 0:
            self.stays[raw["id"]].signed = (_moment(raw["signed_at"]), raw["signed_by_rule"])

    def end_all(self, how: str, at: datetime) -> None:
        for stay in self.open_stays:
            stay.end, stay.suspended = (how, at), False

    def tell(self, type: str, data: Raw, at: datetime) -> None:  # noqa: PLR0912
        for moved in (*(data.get("moved") or ()), *(data.get("others") or ())):
            self.stays[moved["assignment"]].move(moved)
            self.stays[moved["assignment"]].extended |= type == "grant_extension"
        for each in data.get("supervisions") or ():
            self.supervisions[each["supervision"]]["due"] = each["due"]
        match type:
            case "dispatch" | "adjudicate":
                for raw in data["assignments"]:
                    self.add(raw)
            case "delegate":
                self.add(data["delegated"])
            case "sign" | "co_sign":
                self.stays[data["assignment"]].signed = at, data["by_rule"]
            case "contact" if data["first"]:
                self.stays[data["assignment"]].contacted_at = at
            case "request_return" | "request_extension" | "request_suspension" | "request_complex":
                self.asked = data["request"]
            case "refuse_return":
                assert self.asked is not None
                self.decided.append((self.stays[self.asked["assignment"]], True))
            case "grant_return":
                assert self.asked is not None
                self.decided.append((self.stays[self.asked["assignment"]], False))
                self.end_all("returned", at)
            case "grant_extension" | "grant_complex" | "grant_suspension":
                assert self.asked is not None
                stay = self.stays[self.asked["assignment"]]
                stay.suspended |= type == "grant_suspension"
                stay.extended |= type == "grant_extension"
                if data["reply"]:
                    stay.raw["reply"] = data["reply"]
            case "resume":
                self.stays[data["assignment"]].suspended = False
                self.stays[data["assignment"]].raw["reply"] = data["reply"]
            case "co_reply" | "unit_approve":
                self.stays[data["assignment"]].replied_at = at
            case "unit_send_back" | "hotline_send_back":
                self.stays[data["assignment"]].replied_at = None
            case "hotline_accept" | "follow_parent":
                lead = next((stay for stay in self.leads if stay.end is None), None)
                if type == "hotline_accept" and not self.redone and lead and lead.replied_at and self.received_at:
                    self.handled = lead.replied_at - self.received_at, lead
                self.end_all("accepted", at)
                self.attempts = 0
                self.came_to_callback = self.came_to_callback or (at, lead)
            case "callback_attempt":
                self.attempts += 1
                self.unreached = self.attempts >= 3
                if data["grade"]:
                    self.answer = data["grade"], data["solved"], at, self._answered()
            case "rate":
                self.answer = data["grade"], data["solved"], at, self._answered()
            case "callback_redo":
                self.redone = True
                self.add(data["assignment"])
            case "replace":
                gone = self.stays[data["gone"]]
                gone.end = "replaced", at
                self.add(data["successor"])
                heir = self.stays[data["successor"]["id"]]
                heir.extended, heir.suspended, heir.contacted_at = gone.extended, gone.suspended, gone.contacted_at
                gone.suspended = False
                if self.asked is not None and self.asked["assignment"] == data["gone"]:
                    self.asked = {**self.asked, "assignment": data["successor"]["id"]}
            case "answer_now" | "callback_close" | "final_answer":
                self.closed, self.ended_at = (data["closing"], at), at
                self.end_all("order_ended", at)
            case "merge" | "unmerge":
                self.merged = type == "merge"
            case "exclude" | "readmit":
                self.excluded = type == "exclude"
            case "decide_appeal":
                self.excluded = data["exclusion"] is not None
            case "supervise" | "instruct":
                self.supervisions[data["supervision"]["id"]] = dict(data["supervision"])
            case "answer_supervision":
                self.supervisions[data["supervision"]]["answered"] = at
            case "close_supervision":
                self.supervisions[data["supervision"]]["closed"] = at
            case "reject" | "withdraw":
                self.gone, self.ended_at = CODES[type], at
                self.end_all("order_ended", at)

    def _answered(self) -> Stay | None:
        """Whose answer is called back about: the last that was accepted in the latest round."""
        latest = max((stay.raw["round"] for stay in self.leads), default=0)
        leads = [stay for stay in self.leads if stay.end and stay.end[0] == "accepted" and stay.raw["round"] == latest]
        return leads[-1] if leads else None


class Recount:
    """Figures over all days, as of a moment; of one unit and what was below it, if that is named."""

    def __init__(self, as_of: datetime, unit: str | None) -> None:
        self.as_of, self.unit = as_of, unit
        self.above: Counter[str] = Counter()
        self.below: Counter[str] = Counter()
        self.out: dict[str, Counter[str]] = {}
        self.taken: list[timedelta] = []

    def _is_ours(self, stay: Stay | None) -> bool:
        return self.unit is None or (stay is not None and self.unit in stay.units)

    def _count(self, figure: str, above: bool, reason: str | None) -> None:
        if reason is None:
            self.below[figure] += 1
            self.above[figure] += above
        else:
            self.out.setdefault(figure, Counter())[reason] += 1

    def count(self, story: Story) -> None:
        self._count_intake(story)
        for stay in story.stays.values():
            if self._is_ours(stay):
                self._count_stay(story, stay)
        for stay, refused in story.decided:
            if self._is_ours(stay):
                self._count("return_refused", refused, story.left_out)
        self._count_callback(story)
        if self._is_ours(self._last(story)):
            for supervision in story.supervisions.values():
                self._count_supervision(story, supervision)
        if story.handled and not story.left_out and self._is_ours(story.handled[1]):
            self.taken.append(story.handled[0])

    def _count_supervision(self, story: Story, supervision: Raw) -> None:
        self._count("supervised", True, None)
        self._count("supervised_overdue", supervision["cause"] == "red_light", story.left_out)
        if not supervision["requires_answer"]:
            return
        due = _moment(supervision["due"]["due"])
        answered, over = supervision.get("answered"), supervision.get("closed") or story.ended_at
        stopped = answered or over
        reason = story.left_out
        if not reason and not answered and over and over <= due:
            reason = "unneeded"
        if not reason and not stopped and due >= self.as_of:
            reason = "not_due"
        self._count("supervision_answered", bool(answered and answered <= due), reason)

    def handling(self) -> tuple[int, int | None, int | None]:
        """How many, their median and p90 in hours, days beyond two."""
        ranked = sorted(self.taken)

        def rank(percent: int) -> int | None:
            if not ranked:
                return None
            hours = ceil(ranked[ceil(len(ranked) * percent / 100) - 1] / timedelta(hours=1))
            return hours if hours <= 48 else 24 * ceil(hours / 24)

        return len(ranked), rank(50), rank(90)

    def _count_intake(self, story: Story) -> None:
        answering = [s for s in story.leads if not s.end or s.end[0] not in ("returned", "replaced")]
        if not self._is_ours(answering[-1] if answering else None):
            return
        at_once = story.closed is not None and story.closed[0] == "answered"
        self._count("received", True, None)
        self._count("completed", at_once or story.came_to_callback is not None, story.left_out)
        self._count("answered_at_once", at_once, story.left_out)
        if story.closed is not None:
            self._count("archived", True, None)

    def _count_stay(self, story: Story, stay: Stay) -> None:
        how, ended_at = stay.end or (None, None)
        first_round = stay.raw["round"] == 0
        if stay.raw["role"] == "lead" and first_round and how != "replaced":
            self._count("returned", how == "returned", story.left_out)

        def judge(
            term: str, done_at: datetime | None, stopped_at: datetime | None, due: datetime | None = None
        ) -> tuple[bool, str | None]:
            due = due or stay.due(term)
            if story.left_out or how == "replaced":
                return False, story.left_out or "replaced"
            if done_at is not None:
                return done_at <= due, None
            if how == "returned":
                return False, "returned"
            if stopped_at is not None:
                return False, "unneeded" if stopped_at <= due else None
            if stay.suspended:
                return False, "suspended"
            return False, None if due < self.as_of else "not_due"

        if first_round:
            on_time, reason = judge("sign", stay.signed[0] if stay.signed else None, ended_at)
            self._count("signed_on_time", on_time and not (stay.signed and stay.signed[1]), reason)
        if stay.raw["contact"]:
            self._count("contacted_on_time", *judge("contact", stay.contacted_at, stay.replied_at or ended_at))
        on_time, reason = judge("reply", stay.replied_at, ended_at)
        if reason == "not_due" and stay.extended:
            reason = "extended_not_due"
        self._count("on_time", on_time, reason)
        self._count("turned_red", reason is None and not on_time, reason)
        self._count("extended", stay.extended, reason)

        if stay.raw["reply"]["yellow_at"]:
            green, reason = judge("reply", stay.replied_at, ended_at, _moment(stay.raw["reply"]["yellow_at"]))
            self._count("turned_yellow", reason is None and not green, reason)

    def _count_callback(self, story: Story) -> None:
        anonymous = story.intake["reporter"] == "anonymous"
        closing = story.closed[0] if story.closed else None
        uncalled = closing == "without_callback" or anonymous
        if story.came_to_callback is not None and self._is_ours(story.came_to_callback[1]):
            called = story.answer is not None or story.unreached or story.attempts >= 3 or closing == "unreached"
            reason = story.left_out or ("not_called" if uncalled and not story.redone else None)
            self._count("called_back", called or story.redone, reason)
            waiting = None if called or story.redone else "waiting"
            self._count("redone", story.redone, reason or waiting)
        if story.answer is not None:
            grade, solved, _, stay = story.answer
            if self._is_ours(stay or self._last(story)):
                self._count("solved", solved, story.left_out)
                self._count("satisfied", grade <= 3, story.left_out)
        elif closing not in (None, "answered") and self._is_ours(self._last(story)):
            reason = story.left_out or ("not_called" if uncalled else "unreached")
            self._count("solved", False, reason)
            self._count("satisfied", False, reason)

    def _last(self, story: Story) -> Stay | None:
        leads = [s for s in story.leads if not s.end or s.end[0] not in ("returned", "replaced")]
        return leads[-1] if leads else None

    def told(self, figures: list[str]) -> Told:
        return {each: (self.above[each], self.below[each], dict(self.out.get(each, {}))) for each in figures}


async def stories(database: Database) -> list[Story]:
    found: dict[str, Story] = {}
    raws = await database.mongo["events"].find({}).to_list()
    for raw in sorted(raws, key=lambda each: (each["subject"], each["sequence"])):
        if raw["type"] == "intake":
            found[raw["subject"]] = Story(dict(raw["data"]), received_at=raw["at"])
        else:
            found[raw["subject"]].tell(raw["type"], raw["data"], raw["at"])
    return list(found.values())


def recount(told: list[Story], as_of: datetime, unit: str | None = None) -> Recount:
    counting = Recount(as_of, unit)
    for story in told:
        counting.count(story)
    return counting


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _optional(text: str | None) -> datetime | None:
    return None if text is None else _moment(text)
