"""The schema put together."""

from typing import Any

import strawberry
import structlog
from graphql import GraphQLError
from pymongo.errors import ConnectionFailure
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType

from api.context import Context, SignInNeeded
from api.executing import PlainExecutor, prepared
from api.http.requests import MALFORMED, UNAVAILABLE, UNKNOWN
from api.identity.accounts import AccountMutations
from api.identity.audit import AuditQueries
from api.identity.queries import IdentityQueries
from api.identity.reference import ReferenceMutations
from api.identity.signing_in import SigningInMutations
from api.identity.units import UnitMutations, UnitQueries
from api.logs import where
from api.nodes import NodeQueries
from api.notifications.inbox import InboxMutations, InboxQueries, InboxSubscriptions
from api.problems import Problems
from api.scalars import SCALARS
from api.workorders.assessments import AssessmentMutations, AssessmentQueries
from api.workorders.board import BoardSubscriptions
from api.workorders.catalogue import CatalogueMutations, CatalogueQueries
from api.workorders.contacts import ContactMutations, ContactQueries
from api.workorders.dispatching import DispatchingMutations
from api.workorders.excluding import ExcludingMutations, ExcludingQueries
from api.workorders.exports import ExportMutations
from api.workorders.figures import FigureQueries
from api.workorders.files import FileMutations
from api.workorders.handling import HandlingMutations
from api.workorders.intake import IntakeMutations
from api.workorders.meetings import MeetingMutations, MeetingQueries
from api.workorders.merging import MergingMutations, MergingQueries
from api.workorders.phoning import PhoningMutations, PhoningQueries
from api.workorders.queries import OrderQueries
from api.workorders.reports import ReportMutations, ReportQueries
from api.workorders.revealing import RevealingMutations
from api.workorders.reviewing import ReviewingMutations
from api.workorders.rules import RuleQueries
from api.workorders.subscriptions import OrderSubscriptions
from api.workorders.supervising import SupervisingMutations, SupervisingQueries
from api.workorders.totals import TotalsQueries
from foundation.errors import DomainError

log = structlog.get_logger()

ANSWERED_ONCE = frozenset({OperationType.QUERY, OperationType.MUTATION})


@strawberry.type
class Query(
    OrderQueries,
    TotalsQueries,
    MergingQueries,
    ContactQueries,
    CatalogueQueries,
    RuleQueries,
    IdentityQueries,
    UnitQueries,
    AuditQueries,
    NodeQueries,
    InboxQueries,
    SupervisingQueries,
    ExcludingQueries,
    PhoningQueries,
    MeetingQueries,
    FigureQueries,
    ReportQueries,
    AssessmentQueries,
):
    pass


@strawberry.type
class Mutation(
    IntakeMutations,
    DispatchingMutations,
    HandlingMutations,
    ReviewingMutations,
    MergingMutations,
    SigningInMutations,
    AccountMutations,
    UnitMutations,
    ReferenceMutations,
    FileMutations,
    ContactMutations,
    CatalogueMutations,
    RevealingMutations,
    InboxMutations,
    SupervisingMutations,
    ExcludingMutations,
    PhoningMutations,
    MeetingMutations,
    ReportMutations,
    AssessmentMutations,
    ExportMutations,
):
    pass


@strawberry.type
class Subscription(OrderSubscriptions, InboxSubscriptions, BoardSubscriptions):
    pass


class CitySchema(strawberry.Schema):
    """The schema, with every error that is told given a code, and the unknown masked."""

    async def execute(self, *args: Any, **kwargs: Any) -> ExecutionResult:
        """One answer to one request. A subscription is refused: it comes by WebSocket or SSE."""
        asked = kwargs.get("allowed_operation_types") or ANSWERED_ONCE
        return await super().execute(*args, **{**kwargs, "allowed_operation_types": ANSWERED_ONCE & set(asked)})

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        context = execution_context.context if execution_context else None
        for error in errors:
            tell(error, context.request_id if isinstance(context, Context) else None)
            if isinstance(context, Context):
                context.codes.append(str((error.extensions or {}).get("code")))


def tell(error: GraphQLError, request_id: str | None) -> None:
    """Make an error fit to be told: a code always; what is unknown is logged, and masked under its request id."""
    cause = error.original_error
    if isinstance(cause, SignInNeeded):
        error.message = cause.message
        error.extensions = {"code": cause.code}
    elif isinstance(cause, DomainError):
        # Where a malformed id is all that can go wrong, the field has no union.
        error.message = cause.message
        error.extensions = {"code": cause.code}
    elif cause is None or isinstance(cause, GraphQLError):
        # Validation's errors are kept with their query, and told again: the sentence is put before them once.
        if not error.message.startswith(MALFORMED):
            error.message = f"{MALFORMED}：{error.message}"
        error.extensions = {**(error.extensions or {}), "code": "MALFORMED"}
    elif isinstance(cause, ConnectionFailure):
        log.warning("database_unreachable", request=request_id, error=type(cause).__name__)
        error.message = UNAVAILABLE
        error.extensions = {"code": "UNAVAILABLE"}
    else:
        log.error("unknown_error", request=request_id, error=type(cause).__name__, where=where(cause))
        error.message = UNKNOWN
        error.extensions = {"code": "UNKNOWN", "requestId": request_id}


def build_schema(*, introspection: bool) -> CitySchema:
    """Raises `ValueError` when the parts do not fit together."""
    return CitySchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        extensions=[prepared(introspection=introspection)],
        execution_context_class=PlainExecutor,
        exception_handlers=[Problems()],
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=not introspection),
    )


def sdl() -> str:
    """The schema's text, as `schema.graphql` keeps it."""
    return build_schema(introspection=True).as_str() + "\n"
