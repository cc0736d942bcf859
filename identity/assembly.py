"""Identity put together, once per process, by the composition root."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from foundation.clock import Clock, SystemClock
from foundation.crypto import Keyring
from foundation.database import Database
from foundation.rate_limits import RateLimiter, RateWindow
from identity.audit import AuditTrail
from identity.directory import Directory
from identity.documents import MODELS as DOCUMENTS
from identity.key_renewal import KeyRenewal
from identity.passwords import Passwords
from identity.people import People
from identity.personal_data import PersonalData, PersonalDataHolder
from identity.repository import Repository
from identity.residents import Personal, Residents
from identity.sessions import Sessions
from identity.sms import SmsGateway
from identity.sms_codes import SmsCodes
from identity.staff_accounts import StaffAccounts
from identity.staff_login import StaffLogin
from identity.tokens import Tokens
from identity.units import Calendars, Units

MODELS = (*DOCUMENTS, RateWindow)
"""Every document that identity stores."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What the API and other domains ask identity for."""

    audit: AuditTrail
    directory: Directory
    key_renewal: KeyRenewal
    people: People
    personal_data: PersonalData
    residents: Residents
    sessions: Sessions
    staff_accounts: StaffAccounts
    staff_login: StaffLogin
    units: Units


def build_identity(
    database: Database,
    keyring: Keyring,
    clock: Clock,
    zone: ZoneInfo,
    sms_gateway: SmsGateway,
    calendars: Calendars,
    personal_data_holders: Sequence[PersonalDataHolder] = (),
) -> Identity:
    """Identity over one database; asks nothing of it yet."""
    repository, limiter = Repository(database), RateLimiter(database)
    personal, passwords = Personal(keyring), Passwords()
    sessions = Sessions(repository, Tokens(keyring), keyring, limiter, clock)
    codes = SmsCodes(repository, keyring, limiter, sms_gateway, clock)
    # What is remembered ages by the machine's clock, also where a replay or the demo city turns the other one.
    directory = Directory(repository, SystemClock())
    return Identity(
        audit=AuditTrail(database),
        directory=directory,
        key_renewal=KeyRenewal(repository, personal, keyring),
        people=People(repository, SystemClock()),
        personal_data=PersonalData(repository, personal, sessions, personal_data_holders, clock),
        residents=Residents(repository, personal, codes, sessions, clock, zone),
        sessions=sessions,
        staff_accounts=StaffAccounts(repository, passwords, sessions, clock),
        staff_login=StaffLogin(repository, passwords, sessions, keyring, limiter, clock),
        units=Units(repository, directory, clock, zone, calendars),
    )
