"""Published schemes, and which of them a month is scored by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from foundation.changes import AlreadyClaimed, Change
from foundation.clock import Clock
from foundation.database import Database
from identity.actors import Actor, system_actor
from identity.audit import audited
from workorders.statistics.assessment.access import require_publisher, require_scheme_reader
from workorders.statistics.assessment.documents import SchemeVersion, scheme_key
from workorders.statistics.assessment.errors import MonthIssued, NoScheme, SchemeVersionTaken
from workorders.statistics.assessment.schemes import Scheme, shipped_scheme
from workorders.statistics.locking import state_of

MOST_SCHEMES = 1_000


@dataclass(frozen=True, slots=True)
class Published:
    """A scheme, and when it was published."""

    scheme: Scheme
    at: datetime


class SchemeLibrary:
    """Keeps every version that was ever published."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def publish(self, actor: Actor, scheme: Scheme) -> Published:
        """Let months be scored by a scheme, from its first month on; published again as it was, nothing happens.

        Of schemes that hold from one month, the one published last counts. Raises `NotAllowed`, `SchemeVersionTaken`,
        and `MonthIssued` where it would hold for a month whose report is issued.
        """
        require_publisher(actor)
        id, now = scheme_key(scheme.title, scheme.version), self._clock.now()
        known = await self._database.get(SchemeVersion, id)
        if known is None:
            locked = (await state_of(self._database)).locked
            if any(month >= scheme.valid_from for month in locked):
                raise MonthIssued(f"{max(locked)} 的报告已经印发，方案须从之后的月份起生效。")
            version = _version(id, scheme, now)
            told = {"title": scheme.title, "version": scheme.version, "hash": scheme.id}
            change = Change().insert(version)
            change.insert(audited(actor, "assessment_scheme_published", f"scheme:{scheme.id}", now, details=told))
            try:
                await self._database.save(change)
                return Published(scheme, now)
            except AlreadyClaimed:
                known = await self._database.get(SchemeVersion, id)
        if known is None or known.hash != scheme.id:
            raise SchemeVersionTaken
        return Published(scheme, known.published_at)

    async def publish_shipped(self) -> None:
        """Publish what comes with the program, unless some scheme was published before."""
        if await self._database.collection(SchemeVersion).find_one({}) is None:
            await self.publish(system_actor("release"), shipped_scheme())

    async def published(self, actor: Actor) -> tuple[Published, ...]:
        """All of them, the latest first. Raises `NotAllowed`."""
        require_scheme_reader(actor)
        return tuple(reversed(await self.all()))

    async def all(self) -> tuple[Published, ...]:
        """All of them, in the order in which they take each other's place."""
        found = await self._database.collection(SchemeVersion).find({}).limit(MOST_SCHEMES).to_list()
        known = [SchemeVersion.load(raw) for raw in found]
        known.sort(key=lambda each: (each.valid_from, each.published_at, each.id))
        return tuple(Published(Scheme.model_validate(each.content), each.published_at) for each in known)


def scheme_of(known: Sequence[Published], month: str, issued_at: datetime | None) -> Scheme:
    """The scheme that a month is scored by: of those published until its report was issued, the last that holds.

    Raises `NoScheme`.
    """
    holding = [
        each.scheme for each in known if each.scheme.valid_from <= month and (issued_at is None or each.at <= issued_at)
    ]
    if not holding:
        raise NoScheme
    return holding[-1]


def _version(id: str, scheme: Scheme, now: datetime) -> SchemeVersion:
    content = scheme.model_dump(mode="json")
    return SchemeVersion(_id=id, hash=scheme.id, valid_from=scheme.valid_from, content=content, published_at=now)
