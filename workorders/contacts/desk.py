"""What the use cases of contacts work with; one per process, made by the composition root."""

from dataclasses import dataclass

from foundation.database import Database
from workorders.contacts.repository import ContactRepository
from workorders.lifecycle.office import Office


@dataclass(frozen=True, slots=True)
class ContactDesk:
    office: Office
    area_code: str | None = None
    """Completes a landline given without one: `0571`."""

    @property
    def database(self) -> Database:
        return self.office.database

    @property
    def contacts(self) -> ContactRepository:
        return ContactRepository(self.office.database, self.office.keyring)
