"""What a platform above is told of an order that it handed down: messages, made from the order's own events. Pure.

A message is the same whenever it is made, and names its order and its place in that order's history, so that whoever
gets it twice or late can tell.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from foundation.crypto import DataKey
from foundation.events import Event
from foundation.outbox import outbox_id
from identity.actors import Role
from workorders.lifecycle.events import fact_of
from workorders.lifecycle.facts import AnsweredUp, Asked, Closed, ConsentAsked, Fact, Refused, Rejected, Replied
from workorders.lifecycle.notices import TOLD_ABOVE
from workorders.lifecycle.recording import EXCHANGE
from workorders.lifecycle.states import TRANSITIONS, Action, Status
from workorders.lifecycle.values import Order

Message = Mapping[str, Any]

_TEXTS = {
    Action.REJECT: ("reason",),
    Action.ANSWER_NOW: ("answer",),
    Action.FINAL_ANSWER: ("answer",),
    Action.WITHDRAW: ("reason",),
}
"""What a change of status says in words."""


def messages(order: Order, events: Sequence[Event], key: DataKey | None) -> Iterator[tuple[int, Message]]:
    """Every message about an order, with the sequence of the event that it tells. Texts that were erased are null."""
    if order.upstream is None:
        return
    status, told = Status.RECEIVED, _Told(key)
    for event in events:
        action, fact = Action(event.type), fact_of(event)
        if action is not Action.INTAKE:
            status = TRANSITIONS[status, action]
        content = told.content(action, fact, event, status)
        if content is not None and action in TOLD_ABOVE:
            yield (
                event.sequence,
                {
                    "id": outbox_id(event.id, EXCHANGE),
                    "number": order.upstream.number,
                    "orderNumber": order.number,
                    "sequence": event.sequence,
                    "at": event.at.isoformat(),
                    **content,
                },
            )


class _Told:
    """What was said before, while a history is told."""

    def __init__(self, key: DataKey | None) -> None:
        self._key = key
        self._asked: dict[str, tuple[Asked, Event]] = {}
        self._asked_above: set[str] = set()
        self._outcome: str | None = None

    def content(self, action: Action, fact: Fact, event: Event, status: Status) -> Message | None:
        """The message's own part; None where the platform has nothing to learn."""
        match fact:
            case Asked():
                self._asked[fact.request.id] = fact, event
            case Replied():
                self._outcome = fact.outcome
        match fact:
            case ConsentAsked():
                self._asked_above.add(fact.request)
                return self._question(fact, event)
            case Refused():
                by_platform = Role.UPSTREAM in event.actor_roles
                if fact.request not in self._asked_above or by_platform:
                    return None
                return {"type": "consent_withdrawn", "request": fact.request, "reason": event.text("reason", self._key)}
            case AnsweredUp():
                answer = event.text("answer", self._key)
                return {"type": "answer", "round": fact.round, "outcome": self._outcome, "answer": answer}
            case _:
                return {"type": "status", "status": status, **self._details(action, fact, event)}

    def _question(self, fact: ConsentAsked, event: Event) -> Message:
        asked, asked_by = self._asked[fact.request]
        return {
            "type": "consent_asked",
            "request": fact.request,
            "kind": asked.request.kind,
            "workingDays": asked.request.working_days,
            "askedAt": asked.request.asked_at.isoformat(),
            "reason": asked_by.text("reason", self._key),
            "note": event.text("note", self._key),
        }

    def _details(self, action: Action, fact: Fact, event: Event) -> Message:
        details: dict[str, Any] = {name: event.text(name, self._key) for name in _TEXTS.get(action, ())}
        match fact:
            case Rejected():
                details["channel"] = fact.channel
            case Closed():
                details["closing"] = fact.closing
        return details
