"""Every query and every conditional write of identity."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import TypeVar

from foundation.changes import Change
from foundation.database import Database
from foundation.documents import Stored
from foundation.idempotency import Once
from foundation.walking import by_first_character
from identity.actors import Role
from identity.documents import (
    Category,
    Channel,
    Erasure,
    LoginClaim,
    LoginFailures,
    Place,
    Resident,
    ResidentClaim,
    Session,
    SmsChallenge,
    Staff,
    Unit,
)

D = TypeVar("D", bound=Stored)

MOST_SESSIONS = 200
"""Open sessions of one subject that are ended in one go; the rest in the next."""

MOST_NODES = 20_000
"""A city's units, categories or places; more than this is a mistake."""


class Repository:
    """Reads by `_id` or by an equality that an index leads with; every result is bounded."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, change: Change) -> None:
        """Raises StaleWrite, AlreadyClaimed, Busy."""
        await self._database.save(change)

    async def answered(self, once: Once) -> str | None:
        """What an earlier run of this request answered. Raises KeyReused."""
        return await once.answer(self._database)

    # residents

    async def resident(self, id: str) -> Resident | None:
        return await self._database.get(Resident, id)

    async def claimants(self, claims: Sequence[str]) -> dict[str, str]:
        """The residents who hold some of these claims, by claim."""
        found = await self._database.get_many(ResidentClaim, claims)
        return {id: claim.resident for id, claim in found.items()}

    async def residents_named(self, name_hashes: Sequence[str], most: int) -> list[Resident]:
        """Residents with exactly this name, at most `most`."""
        found: list[Resident] = []
        for name_hash in name_hashes:
            cursor = self._database.collection(Resident).find({"name_hash": name_hash}).limit(most - len(found))
            found += [Resident.load(raw) for raw in await cursor.to_list()]
            if len(found) >= most:
                break
        return found

    async def pending_erasures(self, most: int) -> list[Erasure]:
        """Erasures that were asked for and not finished: a handful at any time."""
        cursor = self._database.collection(Erasure).find({}).limit(most)
        return [Erasure.load(raw) for raw in await cursor.to_list()]

    async def every_resident(self, prefix: str) -> AsyncIterator[Resident]:
        """All residents, whose ids begin with `prefix`, a sixty-fourth of them at a time."""
        async for raw in by_first_character(self._database, Resident, prefix):
            yield Resident.load(raw)

    async def erasure_pending(self, resident: str) -> bool:
        return await self._database.get(Erasure, resident) is not None

    async def challenge(self, id: str) -> SmsChallenge | None:
        return await self._database.get(SmsChallenge, id)

    # staff and sessions

    async def staff(self, id: str) -> Staff | None:
        return await self._database.get(Staff, id)

    async def staff_by_login(self, login: str) -> Staff | None:
        claim = await self._database.get(LoginClaim, login)
        return None if claim is None else await self._database.get(Staff, claim.staff)

    async def staff_of_units(self, units: Sequence[str | None], most: int) -> list[Staff]:
        """The accounts of these units, unit by unit; None for those of no unit."""
        found: list[Staff] = []
        for unit in units:
            cursor = self._database.collection(Staff).find({"unit": unit}).sort("_id", 1).limit(most - len(found))
            found += [Staff.load(raw) for raw in await cursor.to_list()]
            if len(found) >= most:
                break
        return found

    async def active_in_role(self, role: Role, unit: str | None, most: int) -> list[str]:
        """The ids of active accounts with a role: of one unit, or of all."""
        query = {"roles": role, "active": True} | ({"unit": unit} if unit is not None else {})
        cursor = self._database.collection(Staff).find(query, {"_id": 1}).sort("_id", 1).limit(most)
        return [raw["_id"] for raw in await cursor.to_list()]

    async def login_failures(self, id: str) -> LoginFailures | None:
        return await self._database.get(LoginFailures, id)

    async def session(self, id: str) -> Session | None:
        return await self._database.get(Session, id)

    async def open_sessions(self, subject: str) -> list[Session]:
        cursor = self._database.collection(Session).find({"subject": subject, "ended_at": None}).limit(MOST_SESSIONS)
        return [Session.load(raw) for raw in await cursor.to_list()]

    async def end_session(self, session: Session, why: str, now: datetime) -> None:
        """End a session that was just read. Raises StaleWrite if it was ended meanwhile."""
        await self._database.save(ending(Change(), session, why, now))

    # trees

    async def units(self) -> list[Unit]:
        return await self.all_of(Unit)

    async def unit(self, id: str) -> Unit | None:
        return await self._database.get(Unit, id)

    async def categories(self) -> list[Category]:
        return await self.all_of(Category)

    async def places(self) -> list[Place]:
        return await self.all_of(Place)

    async def channels(self) -> list[Channel]:
        return await self.all_of(Channel)

    async def node(self, model: type[D], id: str) -> D | None:
        return await self._database.get(model, id)

    async def all_of(self, model: type[D]) -> list[D]:
        """Every node of a tree."""
        cursor = self._database.collection(model).find({}).limit(MOST_NODES)
        return [model.load(raw) for raw in await cursor.to_list()]


def ending(change: Change, session: Session, why: str, now: datetime) -> Change:
    """Add the end of an open session to a change."""
    return change.update(
        Session, session.id, {"$set": {"ended_at": now, "ended_why": why}}, expecting={"ended_at": None}
    )
