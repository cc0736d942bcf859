"""Personal data in clear 查看原文, its export 导出 and its erasure 删除 (the Personal Information Protection Law
个人信息保护法, articles 44 to 48). All of it is audited.

Other domains hold data of residents too: each hands a `PersonalDataHolder` over at start-up.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.clock import Clock
from foundation.errors import Busy, InvalidInput, NotFound
from identity.access import Permission, own_resident, require
from identity.actors import Actor
from identity.audit import Audited, audited, checked_reason
from identity.documents import Erasure, PersonalField, Resident, ResidentClaim
from identity.repository import Repository
from identity.residents import Personal
from identity.sessions import Sessions

TRIES: Final = 8
ERASED_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class Retained:
    """Something that is not erased, and why 依法保留: told to the person in these words."""

    what: str
    reason: str
    until: date | None = None
    needs_account: bool = False
    """Whether the account must stay for it, as for an order that is still being handled."""


class PersonalDataHolder(Protocol):
    """A domain that keeps personal data of residents. Every method may be called again after a crash."""

    name: str

    async def export_of(self, resident: str) -> Sequence[Mapping[str, Any]]:
        """All that is kept about the resident, as JSON values, in the words of the person's own screen."""
        ...

    async def retained_of(self, resident: str, now: datetime) -> Sequence[Retained]:
        """What the law, or an open matter, makes the city keep."""
        ...

    async def erase_of(self, resident: str, now: datetime) -> int:
        """Destroy the data keys, keyed hashes, search tokens and files of everything that is not retained; answers of
        how many things. Again: 0."""
        ...


@dataclass(frozen=True, slots=True)
class ErasureOutcome:
    """What came of asking to be erased."""

    account_erased: bool
    erased: Mapping[str, int]
    """By holder, how many things."""
    retained: tuple[Retained, ...]


class PersonalData:
    """Reveals, exports and erases."""

    def __init__(
        self,
        repository: Repository,
        personal: Personal,
        sessions: Sessions,
        holders: Sequence[PersonalDataHolder],
        clock: Clock,
    ) -> None:
        self._repository, self._personal, self._sessions = repository, personal, sessions
        self._holders, self._clock = tuple(holders), clock

    async def reveal(
        self, actor: Actor, resident: str, fields: Collection[PersonalField], reason: str
    ) -> dict[PersonalField, str]:
        """Some fields of a resident in clear; the audit entry is stored before anything is answered.

        Raises NotAllowed, ReasonMissing, InvalidInput, NotFound.
        """
        require(actor, Permission.REVEAL)
        reason = checked_reason(reason)
        if not fields:
            raise InvalidInput.field("fields", "请选择要查看的内容。")
        document = await self._standing(resident)
        clear = self._personal.opened(document)
        entry = audited(
            actor,
            Audited.REVEAL,
            resident,
            self._clock.now(),
            reason=reason,
            details={"fields": sorted(fields)},
        )
        await self._repository.save(Change().insert(entry))
        return {field: clear[field] for field in sorted(fields) if field in clear}

    async def export(self, actor: Actor) -> dict[str, Any]:
        """All that the city keeps about the actor, in clear, as JSON values. Raises NotAllowed, NotFound."""
        resident = await self._standing(own_resident(actor))
        now = self._clock.now()
        held = {holder.name: list(await holder.export_of(resident.id)) for holder in self._holders}
        entry = audited(
            actor, Audited.EXPORT, resident.id, now, details={name: len(things) for name, things in held.items()}
        )
        await self._repository.save(Change().insert(entry))
        return {
            "account": {
                "id": resident.id,
                "assurance": resident.assurance,
                "createdAt": resident.created_at.isoformat(),
                **{str(field): value for field, value in self._personal.opened(resident).items()},
            },
            **held,
            "exportedAt": now.isoformat(),
        }

    async def erase(self, actor: Actor) -> ErasureOutcome:
        """Erase the actor's account and everything kept about the person that no law makes the city keep.

        What is kept is answered with its reason. Once it began, it is finished even after a crash, by `sweep`.
        Raises NotAllowed, NotFound, Busy.
        """
        resident = await self._standing(own_resident(actor))
        now = self._clock.now()
        change = Change().insert(Erasure(_id=resident.id, requested_at=now, requested_by=actor.id))
        change.insert(audited(actor, Audited.ERASURE_REQUESTED, resident.id, now))
        # A rival may have finished since the account was read: then there is nobody to erase any more.
        change.update(Resident, resident.id, {"$set": {"erased_at": None}}, expecting={"erased_at": None})
        try:
            with suppress(AlreadyClaimed):  # asked for before: go on with it
                await self._repository.save(change)
        except StaleWrite:
            raise NotFound from None
        return await self._carry_out(actor, resident.id, now)

    async def sweep(self, actor: Actor, now: datetime) -> int:
        """Finish erasures that were begun; answers how many. Safe to run twice and beside `erase`."""
        pending = await self._repository.pending_erasures(ERASED_AT_ONCE)
        for erasure in pending:
            await self._carry_out(actor, erasure.id, now)
        return len(pending)

    async def _carry_out(self, actor: Actor, id: str, now: datetime) -> ErasureOutcome:
        retained: list[Retained] = []
        erased: dict[str, int] = {}
        for holder in self._holders:
            retained += await holder.retained_of(id, now)
            erased[holder.name] = await holder.erase_of(id, now)
        keep_account = any(each.needs_account for each in retained)
        outcome = ErasureOutcome(not keep_account, erased, tuple(retained))
        for _ in range(TRIES):
            if not await self._repository.erasure_pending(id):
                return outcome  # a rival finished it
            change = Change().delete(Erasure, id)
            resident = await self._repository.resident(id)
            if resident is not None and resident.erased_at is None and not keep_account:
                gone = resident.changed(
                    data_key=None,
                    sealed={},
                    claims=(),
                    name_hash=None,
                    erased_at=now,
                    version=resident.version + 1,
                )
                change.replace(gone, expecting={"version": resident.version})
                change.discard(ResidentClaim, resident.claims)
                await self._sessions.add_ends(change, id, "erased", now)
            change.insert(
                audited(
                    actor,
                    Audited.ERASURE_DONE,
                    id,
                    now,
                    details={"account": not keep_account, "erased": erased, "retained": len(retained)},
                )
            )
            try:
                await self._repository.save(change)
            except StaleWrite:
                continue
            return outcome
        raise Busy

    async def _standing(self, id: str) -> Resident:
        resident = await self._repository.resident(id)
        if resident is None or resident.erased_at is not None:
            raise NotFound
        return resident
