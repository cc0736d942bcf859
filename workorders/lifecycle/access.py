"""Who may see an order, and who may do what to it. Pure; what is not named here is denied.

`may_see` comes first: to somebody who may not see an order it does not exist. `ALLOWED` then names the roles of each
action; units and citizens act only on what is theirs.
"""

from collections.abc import Mapping
from types import MappingProxyType

from foundation.errors import NotAllowed, NotFound
from identity.actors import HOTLINE_ROLES, Actor, Role
from workorders.lifecycle.states import ONLY_PHONED, ONLY_UPSTREAM, TRANSITIONS, Action
from workorders.lifecycle.values import Order, Reporter

SEES_ALL = HOTLINE_ROLES | {Role.LEADERSHIP, Role.SYSTEM}
"""The hotline's people work on any order; leadership reads any, and instructs."""

_DISPATCHERS = frozenset({Role.DISPATCHER, Role.CHIEF_DISPATCHER})
_OWN = frozenset({Role.CITIZEN, Role.ANONYMOUS_DEVICE})
_OWNERS = _OWN | {Role.UPSTREAM}
_CLERK = frozenset({Role.UNIT_CLERK})
_HEAD = frozenset({Role.UNIT_HEAD})
_SYSTEM = frozenset({Role.SYSTEM})
_PLATFORM = frozenset({Role.UPSTREAM})
"""The platform above, with the orders that it handed down."""

ALLOWED: Mapping[Action, frozenset[Role]] = MappingProxyType(
    {
        Action.INTAKE: _OWN | {Role.OPERATOR, Role.UPSTREAM},
        Action.ANSWER_NOW: frozenset({Role.OPERATOR}),
        Action.REJECT: _DISPATCHERS,
        Action.RECLASSIFY: _DISPATCHERS,
        Action.SUPPLEMENT: _OWN | {Role.OPERATOR},
        Action.DISPATCH: _DISPATCHERS | _SYSTEM,
        Action.ADJUDICATE: frozenset({Role.CHIEF_DISPATCHER}),
        Action.SIGN: _CLERK | _SYSTEM,
        Action.CO_SIGN: _CLERK | _SYSTEM,
        Action.REQUEST_RETURN: _CLERK,
        Action.REQUEST_EXTENSION: _CLERK,
        Action.REQUEST_SUSPENSION: _CLERK,
        Action.REQUEST_COMPLEX: _CLERK,
        Action.GRANT_RETURN: _DISPATCHERS | _PLATFORM,
        Action.REFUSE_RETURN: _DISPATCHERS | _PLATFORM,
        Action.GRANT_EXTENSION: _DISPATCHERS | _PLATFORM,
        Action.REFUSE_EXTENSION: _DISPATCHERS | _PLATFORM,
        Action.GRANT_SUSPENSION: _DISPATCHERS | _PLATFORM,
        Action.REFUSE_SUSPENSION: _DISPATCHERS | _PLATFORM,
        Action.GRANT_COMPLEX: _DISPATCHERS,
        Action.REFUSE_COMPLEX: _DISPATCHERS,
        Action.RESUME: _CLERK | _DISPATCHERS | _SYSTEM,
        Action.CONTACT: _CLERK | _HEAD,
        Action.DELEGATE: _CLERK | _HEAD,
        Action.CO_REPLY: _CLERK,
        Action.SUBMIT_REPLY: _CLERK,
        Action.UNIT_APPROVE: _HEAD | _SYSTEM,
        Action.UNIT_SEND_BACK: _HEAD,
        Action.HOTLINE_ACCEPT: frozenset({Role.REVIEWER}) | _SYSTEM,
        Action.HOTLINE_SEND_BACK: frozenset({Role.REVIEWER}),
        Action.CALLBACK_ATTEMPT: frozenset({Role.CALLBACK_AGENT}) | _PLATFORM,
        Action.RATE: frozenset({Role.CITIZEN}),
        Action.CALLBACK_CLOSE: _DISPATCHERS | {Role.CALLBACK_AGENT} | _SYSTEM,
        Action.CALLBACK_REDO: _DISPATCHERS | _SYSTEM,
        Action.FINAL_ANSWER: frozenset({Role.SUPERVISOR}),
        Action.WITHDRAW: _OWN | {Role.OPERATOR},
        Action.URGE: _OWN | {Role.OPERATOR},
        Action.REPLACE: frozenset({Role.CHIEF_DISPATCHER}) | _SYSTEM,
        Action.LIGHT: _SYSTEM,
        Action.CORRECT_CALENDAR: _SYSTEM,
        Action.ASK_CONSENT: _DISPATCHERS,
        Action.ANSWER_UP: frozenset({Role.REVIEWER}),
        Action.ACKNOWLEDGE: _PLATFORM,
        Action.MERGE: _DISPATCHERS,
        Action.UNMERGE: _DISPATCHERS | _SYSTEM,
        Action.ADOPT: _DISPATCHERS,
        Action.RELEASE: _DISPATCHERS | _SYSTEM,
        Action.FOLLOW_PARENT: _SYSTEM,
        Action.SUPERVISE: frozenset({Role.SUPERVISOR}) | _SYSTEM,
        Action.INSTRUCT: frozenset({Role.LEADERSHIP}),
        Action.ANSWER_SUPERVISION: _CLERK | _HEAD,
        Action.CLOSE_SUPERVISION: frozenset({Role.SUPERVISOR}),
        Action.MEET: frozenset({Role.SUPERVISOR}),
        Action.CALL_DUTY: _SYSTEM,
        Action.PHONE_DUTY: _DISPATCHERS | {Role.OPERATOR, Role.SUPERVISOR},
        Action.CONFIRM_CALL: _CLERK | _HEAD,
        Action.FILE_APPEAL: _HEAD,
        Action.WITHDRAW_APPEAL: _HEAD,
        Action.DECIDE_APPEAL: frozenset({Role.SUPERVISOR}),
        Action.EXCLUDE: frozenset({Role.SUPERVISOR}),
        Action.READMIT: frozenset({Role.SUPERVISOR}),
    }
)


WHILE_MERGED = frozenset(
    {
        Action.SUPPLEMENT,
        Action.URGE,
        Action.WITHDRAW,
        Action.REPLACE,
        Action.MERGE,
        Action.UNMERGE,
        Action.ADOPT,
        Action.RELEASE,
        Action.FOLLOW_PARENT,
        Action.CLOSE_SUPERVISION,
        Action.CORRECT_CALENDAR,
        Action.FILE_APPEAL,
        Action.WITHDRAW_APPEAL,
        Action.DECIDE_APPEAL,
        Action.EXCLUDE,
        Action.READMIT,
    }
)
"""What may still be done to an order that waits for its main order's answer: the citizen's own, a unit's succession,
the end of a supervision, whether it counts, and merging itself. The work is done on the main order."""


BROUGHT_ALONG = frozenset({Action.ADOPT, Action.RELEASE})
"""What nobody does by itself: it comes with an action on another order."""


def owns(actor: Actor, order: Order) -> bool:
    """Whether the order is the citizen's, the anonymous device's, or the platform's that handed it down."""
    return actor.has(*_OWNERS) and order.reporter_id is not None and order.reporter_id == actor.id


def holds(actor: Actor, order: Order) -> bool:
    """Whether the order is, or once was, at the actor's unit or below it: by the unit path of the day."""
    return actor.is_unit and any(actor.unit_id in a.ancestors for a in order.assignments)


def may_see(actor: Actor, order: Order) -> bool:
    """Whether the order exists for this reader."""
    return actor.has(*SEES_ALL) or owns(actor, order) or holds(actor, order)


def may_know_reporter(actor: Actor, order: Order) -> bool:
    """Whether the reader may learn who reported: masked in lists, whole only through an audited `reveal`.

    A unit learns it of open reporters only; nobody learns it of the anonymous.
    """
    if order.reporter is Reporter.ANONYMOUS:
        return False
    if actor.has(*HOTLINE_ROLES) or owns(actor, order):
        return True
    return holds(actor, order) and order.reporter is Reporter.OPEN


def require_hotline_desk(actor: Actor) -> None:
    """Raises `NotAllowed` for whoever does not work at the hotline, nor leads it."""
    if not actor.has(*HOTLINE_ROLES, Role.LEADERSHIP):
        raise NotAllowed


def require_unit_desk(actor: Actor, unit: str) -> None:
    """Raises `NotAllowed` for a unit that is not the actor's own; what lies below it is on the own desk."""
    if not actor.has(*SEES_ALL) and not (actor.is_unit and actor.unit_id == unit):
        raise NotAllowed


def require_intake(actor: Actor) -> None:
    """Raises `NotAllowed`."""
    if not actor.has(*ALLOWED[Action.INTAKE]):
        raise NotAllowed


def require_visible(actor: Actor, order: Order) -> None:
    """Raises `NotFound`: forbidden and missing look the same from outside."""
    if not may_see(actor, order):
        raise NotFound


def require(actor: Actor, action: Action, order: Order) -> None:
    """Raises `NotFound` for what the actor may not see, `NotAllowed` for what it may see but not do."""
    require_visible(actor, order)
    roles = ALLOWED[action] & actor.roles
    if not roles:
        raise NotAllowed
    if roles <= _OWNERS and not owns(actor, order):
        raise NotAllowed


def available(actor: Actor, order: Order) -> list[Action]:
    """What the actor's roles may do with the order in its state; the rules judge the rest."""
    legal = [action for status, action in TRANSITIONS if status is order.status and ALLOWED[action] & actor.roles]
    if not order.upstream:
        legal = [action for action in legal if action not in ONLY_UPSTREAM]
    if order.phone_task is None or not order.phone_task.open:
        legal = [action for action in legal if action not in ONLY_PHONED]
    return [each for each in legal if each not in BROUGHT_ALONG and (not order.muted or each in WHILE_MERGED)]
