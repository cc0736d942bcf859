"""Knowledge upkeep 知识库维护: recorded by a supervisor per unit and month, as long as nobody counts it."""

from datetime import datetime

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.clock import Clock
from foundation.database import Database
from foundation.errors import Busy, InvalidInput, NotFound
from foundation.idempotency import Once
from foundation.texts import paragraphs
from identity.actors import Actor
from identity.audit import audited
from identity.directory import Snapshot
from workorders.statistics.assessment.access import require_recorder
from workorders.statistics.assessment.documents import Recorded, UpkeepRecord, record_key
from workorders.statistics.assessment.errors import MonthIssued
from workorders.statistics.assessment.months import month_of
from workorders.statistics.assessment.scoring import Marked
from workorders.statistics.locking import locks_of

TRIES = 8
MOST_ENTRIES = 1_000_000
MOST_RECORDS = 200


class UpkeepBook:
    """Keeps what was recorded, all of it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def record(
        self,
        actor: Actor,
        city: Snapshot,
        *,
        month: str,
        unit: str,
        due: int,
        kept: int,
        reason: str,
        once: Once | None = None,
    ) -> UpkeepRecord:
        """Record a unit's own entries, without those of the units below it; again, where the numbers were wrong.

        `reason` says where they are from. What stood before stays known. Raises `NotAllowed`, `NotFound`, `BadMonth`,
        `InvalidInput`, `MonthIssued`, `KeyReused`, `Busy`.
        """
        require_recorder(actor)
        month_of(month)
        if unit not in city.units:
            raise NotFound
        if not 0 <= due <= MOST_ENTRIES:
            raise InvalidInput.field("due", f"应维护的条数须在 0 至 {MOST_ENTRIES} 之间。")
        if not 0 <= kept <= due:
            raise InvalidInput.field("kept", "已维护的条数须在 0 至应维护的条数之间。")
        why = paragraphs("reason", reason, longest=500)
        id = record_key(month, unit)
        for _ in range(TRIES):
            now = self._clock.now()
            if once is not None and await once.answer(self._database) is not None:
                return await self._one(id)
            if await locks_of(self._database, [month]):
                raise MonthIssued
            said = Recorded(due=due, kept=kept, reason=why, at=now, by=actor.id, by_label=actor.label)
            change = await self._recording(id, month, unit, city.units.path(unit), said)
            told = {"month": month, "unit": unit, "due": due, "kept": kept}
            change.insert(audited(actor, "upkeep_recorded", f"unit:{unit}", now, reason=why, details=told))
            if once is not None:
                once.record(change, id, now)
            try:
                await self._database.save(change)
            except (StaleWrite, AlreadyClaimed):
                continue
            return await self._one(id)
        raise Busy

    async def _recording(self, id: str, month: str, unit: str, path: tuple[str, ...], said: Recorded) -> Change:
        known = await self._database.get(UpkeepRecord, id)
        if known is None:
            return Change().insert(UpkeepRecord(_id=id, month=month, unit=unit, path=path, recorded=(said,)))
        if len(known.recorded) >= MOST_RECORDS:
            raise InvalidInput.field("month", f"同一单位同一月份最多登记 {MOST_RECORDS} 次。")
        push = {"$push": {"recorded": said.model_dump()}}
        last = f"recorded.{len(known.recorded)}"
        return Change().update(UpkeepRecord, id, push, expecting={last: {"$exists": False}})

    async def _one(self, id: str) -> UpkeepRecord:
        found = await self._database.get(UpkeepRecord, id)
        if found is None:
            raise NotFound
        return found

    async def of_month(self, month: str, issued_at: datetime | None) -> dict[str, Marked]:
        """What was kept up by each unit and everything below it, as far as it was recorded until the report was
        issued."""
        found: dict[str, Marked] = {}
        async for raw in self._database.collection(UpkeepRecord).find({"month": month}):
            record = UpkeepRecord.load(raw)
            known = [each for each in record.recorded if issued_at is None or each.at <= issued_at]
            for unit in record.path if known else ():
                before = found.get(unit, Marked(0, 0))
                found[unit] = Marked(before.kept + known[-1].kept, before.due + known[-1].due)
        return found

    async def of_unit(self, month: str, unit: str) -> UpkeepRecord | None:
        """What was recorded of a unit's own entries."""
        return await self._database.get(UpkeepRecord, record_key(month, unit))
