"""Every collection of the program. They and their indexes are made at start-up, never by a first write."""

from typing import Final

from foundation.documents import Stored
from foundation.events import Event
from foundation.idempotency import IdempotencyKey
from foundation.numbers import NumberCounter
from foundation.outbox import Lease, OutboxRow
from foundation.timers import Timer
from identity.assembly import MODELS as IDENTITY
from notifications.documents import MODELS as NOTIFICATIONS
from runtime.demo.documents import DemoMark
from runtime.importing.documents import MODELS as IMPORTING
from runtime.migrations import MigrationRecord
from workorders.attachments.documents import MODELS as ATTACHMENTS
from workorders.contacts.documents import MODELS as CONTACTS
from workorders.exchange.documents import MODELS as EXCHANGE
from workorders.exporting.documents import MODELS as EXPORTING
from workorders.lifecycle import checkpoints, library, projecting
from workorders.lifecycle.documents import MODELS as LIFECYCLE
from workorders.routing.documents import MODELS as ROUTING
from workorders.statistics.assessment.documents import MODELS as ASSESSMENT
from workorders.statistics.documents import MODELS as STATISTICS
from workorders.statistics.reports.documents import MODELS as REPORTS
from workorders.supervision.documents import MODELS as SUPERVISION

STORED: Final[tuple[type[Stored], ...]] = (
    DemoMark,
    Event,
    IdempotencyKey,
    Lease,
    MigrationRecord,
    NumberCounter,
    OutboxRow,
    Timer,
    *ASSESSMENT,
    *ATTACHMENTS,
    *CONTACTS,
    *EXCHANGE,
    *EXPORTING,
    *IDENTITY,
    *IMPORTING,
    *LIFECYCLE,
    *NOTIFICATIONS,
    *REPORTS,
    *ROUTING,
    *STATISTICS,
    *SUPERVISION,
    checkpoints.SignedDay,
    checkpoints.SignedHeads,
    library.CalendarVersion,
    library.CurrentTerms,
    library.RulePackVersion,
    projecting.OrderProjection,
    projecting.Tally,
)
