"""The composition root: the one place where the parts of a process are put together."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from foundation.clock import Clock
from foundation.database import Database
from foundation.faults import SettingsFault
from foundation.keys import Keys
from foundation.numbers import Numbers
from foundation.outbox import Consumer
from foundation.rate_limits import RateLimiter
from foundation.settings import Environment, Settings
from foundation.timers import Timers
from identity.assembly import Identity, build_identity
from identity.sms import HttpSmsGateway
from notifications.inbox import Inbox
from runtime.collections import STORED
from workorders.attachments.desk import AttachmentDesk
from workorders.attachments.personal import AttachmentPersonalData
from workorders.contacts.desk import ContactDesk
from workorders.contacts.personal import ContactPersonalData
from workorders.exchange.admitting import Gate
from workorders.exchange.platforms import Platforms
from workorders.exchange.receiving import Exchange
from workorders.exchange.sending import HttpCourier, sender
from workorders.exporting.exporting import Exports
from workorders.exporting.links import Links
from workorders.lifecycle.library import PublishedCalendars, StoredTerms
from workorders.lifecycle.notifying import notifier
from workorders.lifecycle.office import Office
from workorders.lifecycle.personal import OrderPersonalData
from workorders.lifecycle.projecting import Fold, projector
from workorders.lifecycle.repository import OrderRepository
from workorders.lifecycle.timing import timer_handlers
from workorders.routing.cataloguing import Cataloguing
from workorders.routing.repository import CatalogueRepository
from workorders.routing.router import Router
from workorders.statistics.assessment.library import SchemeLibrary
from workorders.statistics.assessment.reading import Assessments
from workorders.statistics.assessment.upkeep import UpkeepBook
from workorders.statistics.projecting import FiguresFold
from workorders.statistics.reading import Figures
from workorders.statistics.reports.jobs import Reports
from workorders.supervision.excluding import exclusion_teller
from workorders.supervision.following import follower
from workorders.supervision.phoning import supervisors_caller
from workorders.supervision.repeating import repeat_watcher
from workorders.supervision.repository import SupervisionRepository
from workorders.supervision.telling import teller


@dataclass(frozen=True, slots=True)
class App:
    """One process's parts, wired."""

    settings: Settings
    clock: Clock
    database: Database
    keys: Keys
    identity: Identity
    library: StoredTerms
    router: Router
    office: Office
    exchange: Exchange
    attachments: AttachmentDesk
    contacts: ContactDesk
    cataloguing: Cataloguing
    supervisions: SupervisionRepository
    figures: Figures
    assessments: Assessments
    reports: Reports
    exports: Exports
    links: Links
    timers: Timers
    consumers: tuple[Consumer, ...]
    gateway: HttpSmsGateway
    courier: HttpCourier

    async def prepare(self) -> None:
        """Make missing collections and indexes, and publish what is shipped where there is none; repeatable."""
        await self.database.prepare(STORED)
        await self.library.publish_shipped()
        await self.assessments.library.publish_shipped()

    async def open(self) -> None:
        """Bind the documents to a database that was prepared."""
        await self.database.bind(STORED)

    def projector(self, *more: Fold) -> Consumer:
        """The projector, with more folds than it has anyway."""
        return projector(self.database, FiguresFold(self.database, self.figures.zone), *more)

    async def close(self) -> None:
        await self.gateway.close()
        await self.courier.close()
        await self.database.close()


def build(settings: Settings, keys: Keys, clock: Clock) -> App:
    """Put a process together over the database in the settings; asks nothing of it yet. Raises `SettingsFault`."""
    if settings.mongodb_uri is None:
        raise SettingsFault("ZHENGTONG_MONGODB_URI is not set; `zhengtong run` starts a database and sets it.")
    zone = ZoneInfo(settings.zone)
    database = Database(settings.mongodb_uri.get_secret_value(), settings.database)
    gateway = HttpSmsGateway(settings.sms_gateway_url, settings.sms_gateway_token.get_secret_value())
    orders = OrderRepository(database)
    holders = (
        OrderPersonalData(database, keys.keyring, orders),
        AttachmentPersonalData(database, keys.keyring, orders),
        ContactPersonalData(database, keys.keyring, orders),
    )
    identity = build_identity(database, keys.keyring, clock, zone, gateway, PublishedCalendars(database), holders)
    library = StoredTerms(database, identity.directory)
    catalogue = CatalogueRepository(database)
    router = Router(catalogue, library)
    office = Office(
        database=database,
        clock=clock,
        keyring=keys.keyring,
        library=library,
        router=router,
        numbers=Numbers(database, "orders"),
        orders=orders,
    )
    courier = HttpCourier()
    figures = Figures(database, zone)
    platforms = Platforms(
        database, keys.keyring, clock, library, encrypted_only=settings.environment is Environment.PRODUCTION
    )
    return App(
        settings=settings,
        clock=clock,
        database=database,
        keys=keys,
        identity=identity,
        library=library,
        router=router,
        office=office,
        exchange=Exchange(
            office,
            Gate(database, keys.keyring, clock),
            platforms,
        ),
        attachments=AttachmentDesk(office, RateLimiter(database)),
        contacts=ContactDesk(office),
        cataloguing=Cataloguing(database, clock, library, catalogue),
        supervisions=SupervisionRepository(database),
        figures=figures,
        assessments=Assessments(figures, SchemeLibrary(database, clock), UpkeepBook(database, clock)),
        reports=Reports(
            figures,
            identity.directory,
            clock,
            lambda: projector(database, FiguresFold(database, zone)),
            platforms.names,
        ),
        exports=Exports(office, figures, identity.directory),
        links=Links(database, identity.sessions, clock),
        timers=Timers(database, timer_handlers(office)),
        # What acts on orders stands before what tells of it: worked through in turn, nothing is left over.
        consumers=(
            repeat_watcher(office),
            follower(database, office),
            projector(database, FiguresFold(database, zone)),
            notifier(database, keys.keyring, library, gateway),
            sender(database, keys.keyring, clock, orders, courier),
            teller(database, library, identity.people, Inbox(database)),
            supervisors_caller(database, library, identity.people, Inbox(database)),
            exclusion_teller(database, library, identity.people, Inbox(database)),
        ),
        gateway=gateway,
        courier=courier,
    )
