"""What a citizen may do with an own order, or an operator on the citizen's recorded request."""

from workorders.lifecycle.errors import UrgedEnough
from workorders.lifecycle.facts import Noted, Urged
from workorders.lifecycle.policy.case import Case, Decision
from workorders.lifecycle.policy.merging import MERGER, left
from workorders.lifecycle.states import Action


def supplement(case: Case, text: str, attachments: tuple[str, ...] = ()) -> Decision:
    """补充, until the order is archived."""
    case.open_for(Action.SUPPLEMENT)
    return Decision(Action.SUPPLEMENT, Noted(attachments=attachments), {"text": text})


def urge(case: Case, text: str | None = None) -> Decision:
    """催办: counted, and limited per local day."""
    case.open_for(Action.URGE)
    today = case.terms.local_date(case.now).isoformat()
    if case.order.urged_on == today and case.order.urged >= case.terms.rules.caps.urges_per_day:
        raise UrgedEnough
    return Decision(Action.URGE, Urged(day=today), {"text": text} if text else {})


def withdraw(case: Case, reason: str) -> Decision:
    """撤单, before the callback; a merged order leaves its main order."""
    case.open_for(Action.WITHDRAW)
    return Decision(Action.WITHDRAW, Noted(), {"reason": reason}, elsewhere=left(case.order, MERGER))
