"""What routing stores. Both collections are small and change rarely; every process keeps them compiled in memory."""

from datetime import date, datetime

from foundation.documents import Stored
from workorders.routing.rules import Rule

CATALOGUE = "catalogue"


class DispatchRule(Stored):
    """A rule of the dispatch catalogue. `valid_from` and `valid_to` are the local dates of its first and last day.

    It is never edited: replaced or retired, it is given a last day. `ended_because` says why.
    """

    category: str
    place: str
    lead: str
    co: tuple[str, ...]
    basis: str
    valid_from: str
    valid_to: str | None
    auto_dispatch: bool
    created_at: datetime
    created_by: str
    replaces: str | None = None
    ended_because: str | None = None
    version: int = 1

    class Settings:
        name = "dispatch_rules"

    @classmethod
    def of(cls, rule: Rule, *, at: datetime, by: str, replaces: str | None = None) -> "DispatchRule":
        return cls(
            _id=rule.id,
            category=rule.category,
            place=rule.place,
            lead=rule.lead,
            co=rule.co,
            basis=rule.basis,
            valid_from=rule.valid_from.isoformat(),
            valid_to=rule.valid_to.isoformat() if rule.valid_to is not None else None,
            auto_dispatch=rule.auto_dispatch,
            created_at=at,
            created_by=by,
            replaces=replaces,
        )

    def rule(self) -> Rule:
        """The value that matching looks at."""
        return Rule(
            id=self.id,
            category=self.category,
            place=self.place,
            lead=self.lead,
            co=self.co,
            basis=self.basis,
            valid_from=date.fromisoformat(self.valid_from),
            valid_to=date.fromisoformat(self.valid_to) if self.valid_to is not None else None,
            auto_dispatch=self.auto_dispatch,
        )


class CatalogueVersion(Stored):
    """The one row that every change of the catalogue counts up (`_id` is "catalogue").

    It makes two changes at once collide, so that neither can overlap a rule that it did not see, and tells every
    process when what it compiled is out of date.
    """

    version: int
    changed_at: datetime

    class Settings:
        name = "dispatch_catalogue"


MODELS: tuple[type[Stored], ...] = (CatalogueVersion, DispatchRule)
