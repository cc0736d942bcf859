"""Residents 居民: their accounts, real names and mobiles."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.clock import Clock
from foundation.crypto import DataKey, Keyring
from foundation.errors import Busy, Conflict, InvalidInput, NotFound
from foundation.identity_numbers import parse_citizen_card, parse_resident_number
from foundation.ids import new_id
from foundation.masking import mask_card, mask_name, mask_phone, mask_resident_number
from foundation.phones import Phone, parse_mobile
from identity.access import Permission, own_resident, require
from identity.actors import Actor
from identity.audit import Audited, audited
from identity.documents import Assurance, PersonalField, Resident, ResidentClaim
from identity.errors import AlreadyVerified, CardTaken, MobileTaken, NumberTaken, WrongCode
from identity.repository import Repository
from identity.sessions import Grant, Origin, Sessions
from identity.sms_codes import SentCode, SmsCodes
from identity.subjects import RESIDENT, resident_actor

TRIES: Final = 8
MOST_FOUND: Final = 20
NAME: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|[·•.'’ -]){0,48}")

_TAKEN: Final[dict[PersonalField, type[Conflict]]] = {
    PersonalField.MOBILE: MobileTaken,
    PersonalField.RESIDENT_NUMBER: NumberTaken,
    PersonalField.CITIZEN_CARD: CardTaken,
}


@dataclass(frozen=True, slots=True)
class MaskedResident:
    """A resident as lists show them; what is not known is empty."""

    id: str
    assurance: Assurance
    name: str
    mobile: str
    resident_number: str
    citizen_card: str
    created_at: datetime


def checked_name(text: str) -> str:
    """A real name 真实姓名 as stored: 1 to 49 letters or characters, middle dots unified. Raises InvalidInput."""
    name = re.sub(r"[•・･‧]", "·", " ".join(unicodedata.normalize("NFKC", text).split()))
    if not NAME.fullmatch(name):
        raise InvalidInput.field("name", "请填写真实姓名。")
    return name


def place_of(resident: str, field: PersonalField) -> str:
    """Where a sealed field belongs: it opens nowhere else."""
    return f"{resident}/{field}"


class Personal:
    """Seals, claims and opens the personal data of residents."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def claim(self, field: PersonalField, value: str) -> str:
        """The claim under which the value is taken now."""
        return f"{field}|{self._keyring.keyed_hash(field, value)}"

    def claims(self, field: PersonalField, value: str) -> list[str]:
        """The claims under every hash key that is still known, the current first."""
        return [f"{field}|{hashed}" for hashed in self._keyring.keyed_hashes(field, value)]

    def name_hashes(self, name: str) -> list[str]:
        return self._keyring.keyed_hashes(PersonalField.NAME, name)

    def new_key(self) -> tuple[DataKey, bytes]:
        """A data key and its stored form."""
        key = self._keyring.new_data_key()
        return key, self._keyring.wrap(key)

    def key(self, resident: Resident) -> DataKey:
        """Raises NotFound for the erased."""
        if resident.data_key is None:
            raise NotFound
        return self._keyring.unwrap(resident.data_key)

    def opened(self, resident: Resident) -> dict[PersonalField, str]:
        """All sealed fields in clear; empty for the erased."""
        if resident.data_key is None:
            return {}
        key = self.key(resident)
        return {field: key.open(sealed, place_of(resident.id, field)) for field, sealed in resident.sealed.items()}

    def masked(self, resident: Resident) -> MaskedResident:
        clear = self.opened(resident)
        return MaskedResident(
            id=resident.id,
            assurance=resident.assurance,
            name=mask_name(clear.get(PersonalField.NAME, "")),
            mobile=mask_phone(clear[PersonalField.MOBILE]) if PersonalField.MOBILE in clear else "",
            resident_number=mask_resident_number(clear[PersonalField.RESIDENT_NUMBER])
            if PersonalField.RESIDENT_NUMBER in clear
            else "",
            citizen_card=mask_card(clear[PersonalField.CITIZEN_CARD]) if PersonalField.CITIZEN_CARD in clear else "",
            created_at=resident.created_at,
        )


class Residents:
    """What residents do with their accounts, and how staff find them."""

    def __init__(
        self,
        repository: Repository,
        personal: Personal,
        codes: SmsCodes,
        sessions: Sessions,
        clock: Clock,
        zone: ZoneInfo,
    ) -> None:
        self._repository, self._personal, self._codes = repository, personal, codes
        self._sessions, self._clock, self._zone = sessions, clock, zone

    async def request_code(self, mobile: str, origin: Origin) -> SentCode:
        """Send a login code; the answer is the same whether the number is known or not.

        Raises NotAMobile, RateLimited, SmsUnavailable.
        """
        return await self._codes.send(parse_mobile(mobile), origin)

    async def log_in(self, mobile: str, code: str, origin: Origin, idempotency_key: str | None = None) -> Grant:
        """Open a session for the holder of the mobile, whose account is made the first time.

        A code opens one session; the same request repeated under its idempotency key gets the same one.
        Raises NotAMobile, WrongCode, RateLimited, Busy.
        """
        phone = parse_mobile(mobile)
        for _ in range(TRIES):
            checked = await self._codes.check(phone, code, origin, idempotency_key)
            resident = await self.having_mobile(phone)
            now, change = self._clock.now(), Change()
            if checked.opened is not None:
                opened = await self._repository.session(checked.opened)
                if opened is None or opened.ended_at is not None or opened.subject != resident.id:
                    raise WrongCode
                return self._sessions.grant(resident_actor(resident, opened.id), opened, now)
            session = self._sessions.opened(change, resident.id, now)
            try:
                await self._repository.save(checked.use(change, session.id))
            except StaleWrite:  # used beside this: another look finds the session that it opened, or refuses
                continue
            return self._sessions.grant(resident_actor(resident, session.id), session, now)
        raise Busy

    async def having_mobile(self, phone: Phone) -> Resident:
        """The resident with this mobile, made if there is none; one, however many ask at once. Raises Busy."""
        for _ in range(TRIES):
            known = await self._claimant(PersonalField.MOBILE, phone.e164)
            if known is not None:
                return known
            id, (key, wrapped) = RESIDENT + new_id(), self._personal.new_key()
            claim = self._personal.claim(PersonalField.MOBILE, phone.e164)
            resident = Resident(
                _id=id,
                data_key=wrapped,
                sealed={
                    PersonalField.MOBILE: key.seal(phone.e164, place_of(id, PersonalField.MOBILE)),
                },
                claims=(claim,),
                created_at=self._clock.now(),
            )
            try:
                await self._repository.save(Change().insert(ResidentClaim(_id=claim, resident=id)).insert(resident))
            except AlreadyClaimed:
                continue
            return resident
        raise Busy

    async def give_real_name(
        self,
        actor: Actor,
        name: str,
        *,
        resident_number: str | None = None,
        citizen_card: str | None = None,
    ) -> MaskedResident:
        """Make one's account a real-name one 实名登记, once: name, and resident ID or citizen card or both.

        No two residents ever have the same number, whatever runs beside this.
        Raises NotAllowed, InvalidInput, BadResidentNumber, BadCitizenCard, AlreadyVerified, NumberTaken, CardTaken.
        """
        own = own_resident(actor)
        given = {PersonalField.NAME: checked_name(name)}
        now = self._clock.now()
        if resident_number:
            parsed = parse_resident_number(resident_number, today=now.astimezone(self._zone).date())
            given[PersonalField.RESIDENT_NUMBER] = parsed.number
        if citizen_card:
            given[PersonalField.CITIZEN_CARD] = parse_citizen_card(citizen_card)
        if len(given) == 1:
            raise InvalidInput.field("residentNumber", "请填写身份证号或市民卡号。")
        entry = audited(actor, Audited.REAL_NAME_GIVEN, own, now, details={"fields": sorted(given)})
        for _ in range(TRIES):
            resident = await self._own(actor)
            if resident.assurance is Assurance.REAL_NAME:
                raise AlreadyVerified
            fresh, change = await self._with_fields(resident, given)
            fresh = fresh.changed(assurance=Assurance.REAL_NAME)
            if await self._saved(change.insert(entry), resident, fresh):
                return self._personal.masked(fresh)
        raise Busy

    async def change_mobile(self, actor: Actor, mobile: str, code: str, origin: Origin) -> MaskedResident:
        """Take another mobile, to which `code` was sent; the old one is free from then on.

        Raises NotAMobile, WrongCode, MobileTaken, RateLimited, Busy.
        """
        own_resident(actor)
        phone = parse_mobile(mobile)
        checked = await self._codes.check(phone, code, origin)
        entry = audited(actor, Audited.MOBILE_CHANGED, actor.id, self._clock.now())
        for _ in range(TRIES):
            resident = await self._own(actor)
            fresh, change = await self._with_fields(resident, {PersonalField.MOBILE: phone.e164})
            checked.use(change, f"mobile of {resident.id}")
            if await self._saved(change.insert(entry), resident, fresh):
                return self._personal.masked(fresh)
            # A code that was used beside this is used up.
            checked = await self._codes.check(phone, code, origin)
        raise Busy

    async def profile(self, actor: Actor) -> MaskedResident:
        """One's own account, masked: a phone is looked at over shoulders. Raises NotAllowed, NotFound."""
        return self._personal.masked(await self._own(actor))

    async def find(
        self, actor: Actor, *, mobile: str | None = None, name: str | None = None, number: str | None = None
    ) -> list[MaskedResident]:
        """Residents by exact mobile, name or resident number, masked, at most MOST_FOUND.

        Raises NotAllowed, InvalidInput.
        """
        require(actor, Permission.FIND_RESIDENT)
        if mobile:
            found = [await self._claimant(PersonalField.MOBILE, parse_mobile(mobile).e164)]
        elif number:
            parsed = parse_resident_number(number)
            found = [await self._claimant(PersonalField.RESIDENT_NUMBER, parsed.number)]
        elif name:
            hashes = self._personal.name_hashes(checked_name(name))
            found = [*await self._repository.residents_named(hashes, MOST_FOUND)]
        else:
            raise InvalidInput.field("mobile", "请填写手机号、姓名或身份证号之一。")
        return [self._personal.masked(resident) for resident in found if resident is not None]

    async def id_by_mobile(self, phone: Phone) -> str | None:
        """Whose mobile this is, for the intake of a call. No account is made."""
        resident = await self._claimant(PersonalField.MOBILE, phone.e164)
        return resident.id if resident else None

    async def require_known(self, id: str, path: str) -> None:
        """That an operator names an account that there is. Raises InvalidInput at `path`."""
        resident = await self._repository.resident(id)
        if resident is None or resident.erased_at is not None:
            raise InvalidInput.field(path, "没有这个居民账号。")

    async def _claimant(self, field: PersonalField, value: str) -> Resident | None:
        holders = await self._repository.claimants(self._personal.claims(field, value))
        for holder in holders.values():
            resident = await self._repository.resident(holder)
            if resident is not None and resident.erased_at is None:
                return resident
        return None

    async def _own(self, actor: Actor) -> Resident:
        resident = await self._repository.resident(own_resident(actor))
        if resident is None or resident.erased_at is not None:
            raise NotFound
        return resident

    async def _with_fields(self, resident: Resident, given: dict[PersonalField, str]) -> tuple[Resident, Change]:
        """The resident with these fields, and the change of claims that goes with it."""
        key, change = self._personal.key(resident), Change()
        sealed, claims, name_hash = dict(resident.sealed), list(resident.claims), resident.name_hash
        for field, value in given.items():
            sealed[field] = key.seal(value, place_of(resident.id, field))
            if field is PersonalField.NAME:
                name_hash = self._personal.name_hashes(value)[0]
                continue
            holders = await self._repository.claimants(self._personal.claims(field, value))
            if any(holder != resident.id for holder in holders.values()):
                raise _TAKEN[field]
            claim = self._personal.claim(field, value)
            for old in [c for c in claims if c.startswith(f"{field}|") and c != claim]:
                change.delete(ResidentClaim, old, expecting={"resident": resident.id})
                claims.remove(old)
            if claim not in claims:
                change.insert(ResidentClaim(_id=claim, resident=resident.id))
                claims.append(claim)
        fresh = resident.changed(sealed=sealed, claims=tuple(claims), name_hash=name_hash, version=resident.version + 1)
        return fresh, change

    async def _saved(self, change: Change, resident: Resident, fresh: Resident) -> bool:
        """Save; False if resident or claims were changed meanwhile: a fresh look tells whose they are now."""
        try:
            await self._repository.save(change.replace(fresh, expecting={"version": resident.version}))
        except (StaleWrite, AlreadyClaimed):
            return False
        return True
