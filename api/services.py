"""What the API is handed by the composition root; `runtime.composition.App` has it all."""

from typing import Protocol

from foundation.clock import Clock
from foundation.database import Database
from foundation.settings import Settings
from identity.assembly import Identity
from workorders.attachments.desk import AttachmentDesk
from workorders.contacts.desk import ContactDesk
from workorders.exchange.receiving import Exchange
from workorders.exporting.exporting import Exports
from workorders.exporting.links import Links
from workorders.lifecycle.office import Office
from workorders.lifecycle.terms import TermsLibrary
from workorders.routing.cataloguing import Cataloguing
from workorders.routing.router import Router
from workorders.statistics.assessment.reading import Assessments
from workorders.statistics.reading import Figures
from workorders.statistics.reports.jobs import Reports
from workorders.supervision.repository import SupervisionRepository


class Services(Protocol):
    """The parts of a process that requests are answered with."""

    @property
    def settings(self) -> Settings: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def database(self) -> Database: ...
    @property
    def identity(self) -> Identity: ...
    @property
    def library(self) -> TermsLibrary: ...
    @property
    def office(self) -> Office: ...
    @property
    def attachments(self) -> AttachmentDesk: ...
    @property
    def contacts(self) -> ContactDesk: ...
    @property
    def cataloguing(self) -> Cataloguing: ...
    @property
    def exchange(self) -> Exchange: ...
    @property
    def supervisions(self) -> SupervisionRepository: ...
    @property
    def router(self) -> Router: ...
    @property
    def figures(self) -> Figures: ...
    @property
    def assessments(self) -> Assessments: ...
    @property
    def reports(self) -> Reports: ...
    @property
    def exports(self) -> Exports: ...
    @property
    def links(self) -> Links: ...
