"""The access matrix: every role and every operation of the schema, as a table.

Whoever is not named in a row is denied: `NOT_FOUND` where the order does not exist for them, `NOT_ALLOWED` where they
may see it, `UNAUTHENTICATED` for nobody. A denial leaves the database as it was. An operation that no row names fails.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import GraphQLObjectType, build_schema

from api.ids import Kind as IdKind
from api.ids import global_id
from foundation.changes import Change
from foundation.idempotency import IdempotencyKey
from foundation.ids import new_id
from foundation.paging import time_key
from foundation.rate_limits import RateWindow
from identity.actors import Actor, Role
from identity.documents import Session
from runtime.collections import STORED
from runtime.schema import FILE
from tests.api.serving import CITIZENS, INPUTS, MONDAY, STAFF, Api, Json
from workorders.deadlines.values import Kind
from workorders.lifecycle.access import ALLOWED as ALLOWED_ACTIONS
from workorders.lifecycle.intake import Report, take_in
from workorders.lifecycle.states import Action
from workorders.lifecycle.values import Upstream
from workorders.statistics.reports.documents import ReportJob

STAFF_NAMES = frozenset(STAFF)
PEOPLE = (*STAFF, *CITIZENS, "device", None)
"""Everybody who may knock: each role of the staff, citizens, a device that nobody logged in on, and nobody."""
HOTLINE = frozenset({"operator", "dispatcher", "chief", "reviewer", "caller", "supervisor"})
SEES_ALL = HOTLINE | {"leader"}
DISPATCHERS = frozenset({"dispatcher", "chief"})
WATER = frozenset({"water", "water-head"})
UNIT_STAFF = frozenset({"water", "water-head", "east", "heating", "police"})
"""The unit that the orders lie at."""
SIGNED_IN = frozenset(PEOPLE) - {None}
CITIZEN = frozenset(CITIZENS)
ASSESSED_BY = frozenset({"supervisor", "leader", "water-head"})
DENIED = {"NOT_FOUND", "NOT_ALLOWED", "UNAUTHENTICATED"}

Road = list[tuple[str, str, Json]]
"""Actions that bring an order to where a row tries it."""
DISPATCH: Road = [("dispatcher", "Dispatch", {"lead": "unit:water"})]
WITH_CO: Road = [("dispatcher", "Dispatch", {"lead": "unit:water", "co": ["unit:heating"]})]
SIGN: Road = [*DISPATCH, ("water", "Sign", {})]
SUPERVISED: Road = [*SIGN, ("supervisor", "Supervise", {"level": "KEY", "reason": "市民多次来电。"})]
REPLY: Road = [*SIGN, ("water", "SubmitReply", {"outcome": "SOLVED", "answer": "已修复。"})]
APPROVE: Road = [*REPLY, ("water-head", "UnitApprove", {})]
ACCEPT: Road = [*APPROVE, ("reviewer", "HotlineAccept", {})]
CALLED: Road = [
    *ACCEPT,
    ("caller", "CallbackAttempt", {"reached": True, "solved": False, "grade": 5, "wantsRedo": True}),
]
ASKED: Road = [*SIGN, ("water", "RequestExtension", {"reason": "等待配件到货。", "workingDays": 1})]
REDONE: Road = [
    *CALLED,
    ("dispatcher", "CallbackRedo", {"reason": "市民反映仍在漏水。"}),
    ("water", "SubmitReply", {"outcome": "SOLVED", "answer": "再次修复。"}),
    ("water-head", "UnitApprove", {}),
    ("reviewer", "HotlineAccept", {}),
    ("caller", "CallbackAttempt", {"reached": True, "solved": False, "grade": 5, "wantsRedo": True}),
]
RETURNED_TWICE: Road = [
    *DISPATCH,
    ("water", "RequestReturn", {"reason": "不属于我单位职责。", "suggestedUnit": "unit:heating"}),
    ("dispatcher", "Grant", {"kind": "RETURN"}),
    ("dispatcher", "Dispatch", {"lead": "unit:heating"}),
    ("heating", "RequestReturn", {"reason": "不属于我单位职责。", "suggestedUnit": "unit:water"}),
    ("dispatcher", "Grant", {"kind": "RETURN"}),
]
WHY = {"reason": "按规定办理。"}
GROUND = {"ground": "FORCE_MAJEURE", **WHY}
APPEALED: Road = [*SIGN, ("water-head", "FileAppeal", GROUND)]
TO_WATER = {"lead": "unit:water"}
RECLASSIFIED = {
    "kind": "HELP",
    "urgency": "NORMAL",
    "category": "category:leak",
    "place": "place:street",
    **WHY,
}
EMERGENCY: Road = [*DISPATCH, ("dispatcher", "Reclassify", {**RECLASSIFIED, "urgency": "EMERGENCY"})]

# mutation: who may, the road to where it is legal, its input beside order and key
ACTIONS: dict[str, tuple[frozenset[str], Road, Json]] = {
    "orderAnswerNow": (frozenset({"operator"}), [], {"answer": "已当场答复。"}),
    "orderReject": (DISPATCHERS, [], {"channel": "110", **WHY}),
    "orderSupplement": (frozenset({"zhang", "operator"}), [], {"text": "今天更严重了。"}),
    "orderUrge": (frozenset({"zhang", "operator"}), [], {}),
    "orderWithdraw": (frozenset({"zhang", "operator"}), [], WHY),
    "orderReclassify": (DISPATCHERS, DISPATCH, RECLASSIFIED),
    "orderDispatch": (DISPATCHERS, [], TO_WATER),
    "orderAdjudicate": (frozenset({"chief"}), RETURNED_TWICE, TO_WATER),
    "orderGrant": (DISPATCHERS, ASKED, {"kind": "EXTENSION"}),
    "orderRefuse": (DISPATCHERS, ASKED, {"kind": "EXTENSION", **WHY}),
    "orderReplace": (frozenset({"chief"}), SIGN, {"assignment": "assignment:x", "successor": "unit:heating"}),
    "orderSign": (frozenset({"water"}), DISPATCH, {}),
    "orderCoSign": (frozenset({"heating"}), WITH_CO, {}),
    "orderContact": (WATER, DISPATCH, {"reached": True, "said": "已约好时间。"}),
    "orderDelegate": (WATER, SIGN, {"to": "unit:water-east"}),
    "orderCoReply": (
        frozenset({"heating"}),
        [*WITH_CO, ("water", "Sign", {}), ("heating", "CoSign", {})],
        {"answer": "已协助。"},
    ),
    "orderSubmitReply": (frozenset({"water"}), SIGN, {"outcome": "SOLVED", "answer": "已修复。"}),
    "orderUnitApprove": (frozenset({"water-head"}), REPLY, {}),
    "orderUnitSendBack": (frozenset({"water-head"}), REPLY, WHY),
    "orderRequestReturn": (frozenset({"water"}), DISPATCH, {"suggestedUnit": "unit:heating", **WHY}),
    "orderRequestExtension": (frozenset({"water"}), SIGN, {"workingDays": 1, **WHY}),
    "orderRequestSuspension": (frozenset({"water"}), SIGN, {"workingDays": 1, **WHY}),
    "orderRequestComplex": (frozenset({"water"}), SIGN, WHY),
    "orderResume": (
        frozenset({"water"}) | DISPATCHERS,
        [
            *SIGN,
            ("water", "RequestSuspension", {"workingDays": 1, **WHY}),
            ("dispatcher", "Grant", {"kind": "SUSPENSION"}),
        ],
        {},
    ),
    "orderHotlineAccept": (frozenset({"reviewer"}), APPROVE, {}),
    "orderHotlineSendBack": (frozenset({"reviewer"}), APPROVE, WHY),
    "orderCallbackAttempt": (frozenset({"caller"}), ACCEPT, {"reached": False}),
    "orderRate": (frozenset({"zhang"}), ACCEPT, {"grade": 1, "solved": True}),
    "orderCallbackClose": (
        DISPATCHERS | {"caller"},
        [*ACCEPT, ("caller", "CallbackAttempt", {"reached": True, "solved": True, "grade": 1})],
        {},
    ),
    "orderCallbackRedo": (DISPATCHERS, CALLED, WHY),
    "orderFinalAnswer": (frozenset({"supervisor"}), REDONE, {"answer": "可申请行政复议。"}),
    "orderAskConsent": (DISPATCHERS, ASKED, {"kind": "EXTENSION"}),
    "orderAnswerUp": (frozenset({"reviewer"}), ACCEPT, {"answer": "已修复，群众满意。"}),
    "orderMerge": (DISPATCHERS, DISPATCH, {"into": "order:AAAAAAAAAAAAAAAAAAAAAA"}),
    "orderUnmerge": (DISPATCHERS, DISPATCH, WHY),
    "orderSupervise": (frozenset({"supervisor"}), SIGN, {"level": "KEY", **WHY}),
    "orderInstruct": (frozenset({"leader"}), SIGN, {"level": "KEY", "instruction": "请限期解决。"}),
    "orderAnswerSupervision": (WATER, SUPERVISED, {"supervision": "supervision:$order:s1", "answer": "已安排专人。"}),
    "orderCloseSupervision": (
        frozenset({"supervisor"}),
        SUPERVISED,
        {"supervision": "supervision:$order:s1", "conclusion": "已落实。", "notWaitingBecause": "已现场核实。"},
    ),
    "orderPhoneDuty": (DISPATCHERS | {"operator", "supervisor"}, EMERGENCY, {"call": 1, "reached": True}),
    "orderConfirmCall": (WATER, EMERGENCY, {}),
    "orderFileAppeal": (frozenset({"water-head"}), SIGN, GROUND),
    "orderWithdrawAppeal": (frozenset({"water-head"}), APPEALED, {"appeal": "appeal:$order:p1"}),
    "orderDecideAppeal": (
        frozenset({"supervisor"}),
        APPEALED,
        {"appeal": "appeal:$order:p1", "upheld": True, **WHY},
    ),
    "orderExclude": (frozenset({"supervisor"}), SIGN, GROUND),
    "orderReadmit": (frozenset({"supervisor"}), [*SIGN, ("supervisor", "Exclude", GROUND)], WHY),
    "orderMeet": (frozenset({"supervisor"}), SIGN, {"meeting": "meeting:none", "outcome": "由水务局牵头。"}),
}
FROM_ABOVE = {"orderAskConsent", "orderAnswerUp"}
"""Tried on an order that a platform above handed down; the platform itself speaks over the exchange only."""
STOPS_AT_A_RULE = {"orderReplace", "orderMerge", "orderUnmerge", "orderMeet"}
"""Allowed, and then told something else: no unit was abolished, no other order is there, and no meeting was held."""

ANYBODY = frozenset(PEOPLE)
ORDER_MISSING = "order:AAAAAAAAAAAAAAAAAAAAAA"

# query: who may, its text; `$order`, `$number` are those of an order at the water works
QUERIES: dict[str, tuple[frozenset[str | None], str]] = {
    "order": (SEES_ALL | WATER | {"zhang"}, '{ answer: order(id: "$order") { __typename ... on Problem { code } } }'),
    "myOrders": (CITIZEN | {"device"}, "{ answer: myOrders { __typename ... on Problem { code } } }"),
    "orders": (SEES_ALL, "{ answer: orders { __typename ... on Problem { code } } }"),
    "hotlineTotals": (SEES_ALL, "{ answer: hotlineTotals { __typename ... on Problem { code } } }"),
    "unitTotals": (
        SEES_ALL | WATER,
        '{ answer: unitTotals(unit: "unit:water") { __typename ... on Problem { code } } }',
    ),
    "hotlineDesk": (SEES_ALL, "{ answer: hotlineDesk(status: RECEIVED) { __typename ... on Problem { code } } }"),
    "unitDesk": (
        SEES_ALL | WATER,
        '{ answer: unitDesk(unit: "unit:water", task: SIGN) { __typename ... on Problem { code } } }',
    ),
    "upstreamDesk": (SEES_ALL, "{ answer: upstreamDesk(task: ANSWER) { __typename ... on Problem { code } } }"),
    "requestDesk": (
        DISPATCHERS | {"supervisor"},
        "{ answer: requestDesk(kind: RETURN) { __typename ... on Problem { code } } }",
    ),
    "routing": (
        SEES_ALL | {"admin"},
        '{ answer: routing(category: "category:leak", place: "place:street") { __typename ... on Problem { code } } }',
    ),
    "mergeCandidates": (
        DISPATCHERS,
        '{ answer: mergeCandidates(order: "$order") { __typename ... on Problem { code } } }',
    ),
    "me": (ANYBODY, "{ answer: me { __typename } }"),
    "myAccount": (CITIZEN, "{ answer: myAccount { __typename ... on Problem { code } } }"),
    "units": (SIGNED_IN, "{ answer: units { __typename } }"),
    "categories": (SIGNED_IN, "{ answer: categories { __typename } }"),
    "places": (SIGNED_IN, "{ answer: places { __typename } }"),
    "channels": (SIGNED_IN, "{ answer: channels { __typename } }"),
    "findResidents": (
        frozenset({"operator", "dispatcher", "chief", "caller"}),
        '{ answer: findResidents(mobile: "13800138000") { __typename ... on Problem { code } } }',
    ),
    "staffOfUnit": (
        SEES_ALL | WATER | {"admin"},
        '{ answer: staffOfUnit(unit: "unit:water") { __typename ... on Problem { code } } }',
    ),
    "unit": (
        SEES_ALL | WATER | {"admin"},
        '{ answer: unit(id: "unit:water") { __typename ... on Problem { code } } }',
    ),
    "staffAccount": (
        SEES_ALL | WATER | {"admin"},
        '{ answer: staffAccount(id: "staff:water") { __typename ... on Problem { code } } }',
    ),
    "auditTrail": (
        frozenset({"admin", "supervisor"}),
        "{ answer: auditTrail { __typename ... on Problem { code } } }",
    ),
    "supervisionDesk": (
        frozenset({"supervisor", "leader"}),
        "{ answer: supervisionDesk { __typename ... on Problem { code } } }",
    ),
    "supervisedOrders": (
        frozenset({"supervisor", "leader"}),
        "{ answer: supervisedOrders { __typename ... on Problem { code } } }",
    ),
    "overdueOrders": (
        frozenset({"supervisor", "leader"}),
        "{ answer: overdueOrders { __typename ... on Problem { code } } }",
    ),
    "phoneDesk": (
        DISPATCHERS | {"operator", "supervisor"},
        "{ answer: phoneDesk(stage: DUTY) { __typename ... on Problem { code } } }",
    ),
    "appeals": (
        SEES_ALL | WATER,
        '{ answer: appeals(unit: "unit:water") { __typename ... on Problem { code } } }',
    ),
    "meetings": (SEES_ALL, "{ answer: meetings { __typename ... on Problem { code } } }"),
    "contacts": (HOTLINE, "{ answer: contacts { __typename ... on Problem { code } } }"),
    "caller": (HOTLINE, '{ answer: caller(phone: "13800138000") { __typename ... on Problem { code } } }'),
    "dispatchRules": (SEES_ALL | {"admin"}, "{ answer: dispatchRules { __typename ... on Problem { code } } }"),
    "inbox": (STAFF_NAMES, "{ answer: inbox(unreadOnly: true) { __typename ... on Problem { code } } }"),
    "inboxUnread": (STAFF_NAMES, "{ answer: inboxUnread { __typename ... on Problem { code } } }"),
    "figures": (
        SEES_ALL | UNIT_STAFF,
        '{ answer: figures(firstDay: "2026-11-01", lastDay: "2026-11-30") { __typename ... on Problem { code } } }',
    ),
    "figureOrders": (
        SEES_ALL | UNIT_STAFF,
        '{ answer: figureOrders(figure: RECEIVED, part: DENOMINATOR, firstDay: "2026-11-01", lastDay: "2026-11-30")'
        " { __typename ... on Problem { code } } }",
    ),
    "ranking": (
        SEES_ALL | UNIT_STAFF,
        '{ answer: ranking(figure: ON_TIME, firstDay: "2026-11-01", lastDay: "2026-11-30")'
        " { __typename ... on Problem { code } } }",
    ),
    "report": (
        frozenset({"supervisor", "leader", "water-head"}),
        '{ answer: report(id: "report:of-water") { __typename ... on Problem { code } } }',
    ),
    "reports": (
        frozenset({"supervisor", "leader", "water-head"}),
        "{ answer: reports { __typename ... on Problem { code } } }",
    ),
    "corrections": (
        SEES_ALL | UNIT_STAFF,
        '{ answer: corrections(month: "2026-11") { __typename ... on Problem { code } } }',
    ),
    "assessments": (
        ASSESSED_BY,
        '{ answer: assessments(month: "2026-11") { __typename ... on Problem { code } } }',
    ),
    "assessment": (
        ASSESSED_BY,
        '{ answer: assessment(month: "2026-11", unit: "unit:water") { __typename ... on Problem { code } } }',
    ),
    "assessmentOrders": (
        ASSESSED_BY,
        '{ answer: assessmentOrders(month: "2026-11", unit: "unit:water", item: "签收")'
        " { __typename ... on Problem { code } } }",
    ),
    "schemes": (ASSESSED_BY | {"admin"}, "{ answer: schemes { __typename ... on Problem { code } } }"),
    "rulePack": (SIGNED_IN, "{ answer: rulePack { __typename } }"),
}

MISSING = {
    "order": {"NOT_FOUND"},
    "staffOfUnit": {"NOT_FOUND", "NOT_ALLOWED"},
    "unit": {"NOT_FOUND"},
    "staffAccount": {"NOT_FOUND"},
    "mergeCandidates": {"NOT_FOUND", "NOT_ALLOWED"},
}
"""Queries of one thing, which is not there for those who may not see it."""

P = "{ __typename ... on Problem { code } }"
# mutation: who may, its text; each that is allowed meets a fault of its input before it changes anything
OTHERS: dict[str, tuple[frozenset[str | None], str]] = {
    "orderIntake": (
        CITIZEN | {"operator", "device"},
        'mutation { answer: orderIntake(input: {idempotencyKey: "k", channel: "channel:app", kind: HELP,'
        f' reporting: ANONYMOUS, category: "category:none", place: "place:street", title: "漏", detail: "漏"}}) {P} }}',
    ),
    "giveRealName": (CITIZEN, f'mutation {{ answer: giveRealName(input: {{name: "张三", residentNumber: "1"}}) {P} }}'),
    "changeMobile": (CITIZEN, f'mutation {{ answer: changeMobile(input: {{mobile: "1", code: "1"}}) {P} }}'),
    "revealResident": (
        frozenset({"operator", "dispatcher", "chief", "caller"}),
        f'mutation {{ answer: revealResident(input: {{resident: "resident:li", fields: [MOBILE], reason: ""}}) {P} }}',
    ),
    "exportMyData": (frozenset(), f"mutation {{ answer: exportMyData {P} }}"),
    "eraseMyData": (frozenset(), f"mutation {{ answer: eraseMyData {P} }}"),
    "createStaff": (
        frozenset({"admin"}),
        f'mutation {{ answer: createStaff(input: {{login: "x", name: "x", roles: [], password: "x"}}) {P} }}',
    ),
    "changeStaff": (
        frozenset({"admin"}),
        f'mutation {{ answer: changeStaff(input: {{staff: "staff:east", roles: []}}) {P} }}',
    ),
    "changeOwnPassword": (
        STAFF_NAMES,
        f'mutation {{ answer: changeOwnPassword(input: {{current: "x", password: "x"}}) {P} }}',
    ),
    "setStaffPassword": (
        frozenset({"admin"}),
        f'mutation {{ answer: setStaffPassword(input: {{staff: "staff:east", password: "x"}}) {P} }}',
    ),
    "unlockStaffLogin": (frozenset({"admin"}), f'mutation {{ answer: unlockStaffLogin(login: "east") {P} }}'),
    "createUnit": (
        frozenset({"admin"}),
        f'mutation {{ answer: createUnit(input: {{idempotencyKey: "k", id: "", name: "x"}}) {P} }}',
    ),
    "changeUnit": (
        frozenset({"admin"}),
        f'mutation {{ answer: changeUnit(input: {{idempotencyKey: "k", unit: "unit:water", name: ""}}) {P} }}',
    ),
    "moveUnit": (
        frozenset({"admin"}),
        'mutation { answer: moveUnit(input: {idempotencyKey: "k", unit: "unit:water", parent: "unit:water-east"}) '
        f"{P} }}",
    ),
    "abolishUnit": (
        frozenset({"admin"}),
        'mutation { answer: abolishUnit(input: {idempotencyKey: "k", unit: "unit:water", successor: "unit:water"}) '
        f"{P} }}",
    ),
    "createReference": (
        frozenset({"admin"}),
        f'mutation {{ answer: createReference(input: {{idempotencyKey: "k", tree: PLACE, id: "", name: "x"}}) {P} }}',
    ),
    "changeReference": (
        frozenset({"admin"}),
        f'mutation {{ answer: changeReference(input: {{idempotencyKey: "k", node: "place:town", name: ""}}) {P} }}',
    ),
    "moveReference": (
        frozenset({"admin"}),
        'mutation { answer: moveReference(input: {idempotencyKey: "k", node: "place:town", parent: "place:street"}) '
        f"{P} }}",
    ),
    "releaseFile": (
        frozenset(),
        f'mutation {{ answer: releaseFile(input: {{file: "file:none", reason: "市民同意公开。"}}) {P} }}',
    ),
    "recordContact": (
        frozenset({"operator", "caller", "supervisor"}),
        f'mutation {{ answer: recordContact(input: {{idempotencyKey: "k", channel: "channel:none"}}) {P} }}',
    ),
    "proposeDispatchRule": (
        frozenset({"admin", "chief"}),
        'mutation { answer: proposeDispatchRule(input: {idempotencyKey: "k", lead: "unit:water", basis: "",'
        f' validFrom: "2026-11-16"}}) {P} }}',
    ),
    "retireDispatchRule": (
        frozenset({"admin", "chief"}),
        'mutation { answer: retireDispatchRule(input: {idempotencyKey: "k", rule: "rule:none", reason: "",'
        f' lastDay: "2026-11-16"}}) {P} }}',
    ),
    "inboxMarkRead": (STAFF_NAMES, f'mutation {{ answer: inboxMarkRead(input: {{cursor: "x"}}) {P} }}'),
    "meetingCall": (
        frozenset({"supervisor"}),
        'mutation { answer: meetingCall(input: {idempotencyKey: "k", kind: JOINT, at: "2026-11-17T01:00:00Z",'
        f' agenda: "议漏水。", orders: []}}) {P} }}',
    ),
    "requestReport": (
        frozenset({"supervisor", "leader", "water-head"}),
        f'mutation {{ answer: requestReport(input: {{idempotencyKey: "k", period: "1900"}}) {P} }}',
    ),
    "issueReport": (
        frozenset({"supervisor"}),
        f'mutation {{ answer: issueReport(input: {{idempotencyKey: "k", period: "1900"}}) {P} }}',
    ),
    "recordUpkeep": (
        frozenset({"supervisor"}),
        'mutation { answer: recordUpkeep(input: {idempotencyKey: "k", month: "2026-11", unit: "unit:water", due: 1,'
        f' kept: 2, reason: "巡检台账。"}}) {P} }}',
    ),
    "exportOrders": (
        SEES_ALL | UNIT_STAFF,
        'mutation { answer: exportOrders(input: {format: CSV, filter: {category: "none"}}) ' + P + " }",
    ),
    "revealReporter": (
        HOTLINE | WATER,
        f'mutation {{ answer: revealReporter(input: {{order: "$order", reason: ""}}) {P} }}',
    ),
}
FOR_THEIR_OWN = {"exportMyData": CITIZEN, "eraseMyData": CITIZEN}
"""Who may beside the table's: tried in the journeys, for they change the account."""

SIGNING_IN = {
    "requestLoginCode",
    "logIn",
    "startDeviceSession",
    "staffLogIn",
    "refreshSession",
    "signOut",
    "signOutEverywhere",
}
"""For nobody yet signed in, or about one's own session."""
ELSEWHERE = {
    "uploadFile": "test_a_file_is_taken_from_those_who_act_on_orders",
    **dict.fromkeys(
        ("meeting", "meetingHold", "meetingCancel"),
        "test_meetings: test_supervisors_call_and_the_hotline_and_leadership_read",
    ),
    **dict.fromkeys(
        ("contact", "completeContact", "revealContactPhone", "markMalicious", "liftMaliciousMark"),
        "test_desks_beside: test_contacts_are_for_those_whose_work_they_are",
    ),
    "node": "test_nodes: test_a_node_is_there_for_those_who_may_see_it_and_for_nobody_else",
    "workOrderChanged": "test_subscriptions_are_told_to_those_who_may_see",
    "inboxChanged": "test_subscriptions_are_told_to_those_who_may_see",
    "deskChanged": "test_subscriptions_are_told_to_those_who_may_see",
    "lightChanged": "test_subscriptions_are_told_to_those_who_may_see",
    "liveBoard": "test_subscriptions_are_told_to_those_who_may_see",
}

KEPT_BESIDE = {IdempotencyKey, RateWindow, Session}


@pytest.fixture(scope="module")
async def town(api: Api) -> AsyncIterator[Api]:
    """The town, with a session for a device."""
    started = await api.data(None, "mutation { startDeviceSession { ... on SignedIn { accessToken } } }")
    api.tokens["device"] = started["accessToken"]
    report = ReportJob(
        _id="of-water",
        period="2026-10",
        unit="water",
        path=("city", "water"),
        issuing=False,
        asked_by="staff:water-head",
        asked_label="water-head",
        asked_at=MONDAY,
        key=time_key(MONDAY, "of-water"),
        due=None,
    )
    await api.app.database.save(Change().insert(report))
    yield api


async def picture(api: Api) -> Json:
    """Every document of every collection but sessions, limits of rate and idempotency keys."""
    return {
        model.collection_name(): {str(raw["_id"]): raw async for raw in api.app.database.collection(model).find({})}
        for model in STORED
        if model not in KEPT_BESIDE
    }


async def brought(api: Api, road: Road, *, from_above: bool = False) -> str:
    """A new order of Zhang's, or from above, that went this road."""
    order = await handed_down(api) if from_above else await api.intake("zhang")
    for who, action, input in road:
        answer = await api.act(who, action, order, **input)
        assert answer["__typename"] == "Order", (who, action, answer)
    return order


async def handed_down(api: Api) -> str:
    """The id of a new order of the province's."""
    platform = Actor("upstream:province", frozenset({Role.UPSTREAM}), label="省平台")
    report = Report(
        channel="upstream",
        kind=Kind.COMPLAINT,
        category="leak",
        place="street",
        title="小区门口水管漏水",
        detail="昨晚开始一直漏。",
        upstream=Upstream(source="province", number=new_id()),
    )
    return str(global_id(IdKind.ORDER, (await take_in(api.app.office, platform, report)).id))


async def answered(api: Api, who: str | None, query: str, **variables: Any) -> str:
    """`ok`, or the code of the problem or the error."""
    body = await api.run(who, query, **variables)
    if "errors" in body:
        return str(body["errors"][0]["extensions"]["code"])
    answer = body["data"]["answer"]
    if isinstance(answer, dict) and answer["__typename"] == "Problem":
        return str(answer["code"])
    return "ok"


def action_query(name: str) -> str:
    kind = INPUTS.get(name, name[0].upper() + name[1:] + "Input")
    return f"mutation($input: {kind}!) {{ answer: {name}(input: $input) {P} }}"


def about(order: str, input: Json) -> Json:
    """The input, naming what belongs to this order."""
    filled: Json = json.loads(json.dumps(input).replace("$order", order.removeprefix("order:")))
    return filled


def denial(who: str | None, sees: frozenset[str]) -> str:
    if who is None:
        return "UNAUTHENTICATED"
    return "NOT_ALLOWED" if who in sees else "NOT_FOUND"


def test_the_table_names_every_operation_of_the_schema() -> None:
    schema = build_schema(FILE.read_text())
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    operations = {name for root in roots if isinstance(root, GraphQLObjectType) for name in root.fields}
    assert operations == {*ACTIONS, *QUERIES, *OTHERS, *SIGNING_IN, *ELSEWHERE}


def test_the_table_agrees_with_the_rule_of_the_core() -> None:
    """Nobody is allowed over HTTP whom the core would deny, nor the other way round."""
    role_of = {login: role.value for login, (role, _) in STAFF.items()}
    for name, (allowed, _, _) in ACTIONS.items():
        if name in ("orderGrant", "orderRefuse"):
            continue
        snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in name.removeprefix("order"))
        roles = {role.value for role in ALLOWED_ACTIONS[Action(snake.lstrip("_"))]}
        elsewhere = {"system", "anonymous_device", "upstream"}
        assert {role_of.get(who, "citizen") for who in allowed} == roles - elsewhere, name


@pytest.mark.parametrize("name", ACTIONS)
async def test_an_action_is_for_those_in_its_row(name: str, town: Api) -> None:
    allowed, road, input = ACTIONS[name]
    from_above = name in FROM_ABOVE
    order = await brought(town, road, from_above=from_above)
    with_heating = any("unit:heating" in json.dumps(given) for _, _, given in road)
    at_unit = WATER | ({"heating"} if with_heating else frozenset()) if road else frozenset()
    sees = SEES_ALL | at_unit | (frozenset() if from_above else {"zhang"})
    before = await picture(town)
    for n, who in enumerate(PEOPLE):
        if who in allowed:
            continue
        given = {"order": order, "idempotencyKey": f"{name}-{n}", **about(order, input)}
        code = await answered(town, who, action_query(name), input=given)
        assert code == denial(who, sees) or (who in sees and code not in ("ok", "NOT_FOUND", "UNKNOWN")), (who, code)
        missing = await answered(town, who, action_query(name), input={**given, "order": ORDER_MISSING})
        if who not in sees:
            assert missing == code, "an order that one may not see is told as one that is not there"
    assert await picture(town) == before
    for n, who in enumerate(sorted(allowed)):
        fresh = order if n == 0 else await brought(town, road, from_above=from_above)
        given = {"order": fresh, "idempotencyKey": f"{name}-allowed-{n}", **about(fresh, input)}
        code = await answered(town, who, action_query(name), input=given)
        assert code == "ok" or (name in STOPS_AT_A_RULE and code not in ("NOT_ALLOWED", "UNKNOWN")), (who, code)


async def test_a_device_acts_on_its_own_anonymous_order_and_on_nobody_elses(town: Api) -> None:
    order = await town.intake("device", reporting="ANONYMOUS", name=None, phone=None, address=None)
    allowed = {"orderSupplement", "orderUrge", "orderWithdraw"}
    for name, (_, _, input) in sorted(ACTIONS.items(), key=lambda row: row[0] == "orderWithdraw"):
        given = {"order": order, "idempotencyKey": f"device-{name}", **input}
        code = await answered(town, "device", action_query(name), input=given)
        assert code == ("ok" if name in allowed else "NOT_ALLOWED"), name


@pytest.mark.parametrize("name", QUERIES)
async def test_a_query_is_for_those_in_its_row(name: str, town: Api) -> None:
    allowed, query = QUERIES[name]
    order = await brought(town, DISPATCH)
    before = await picture(town)
    for who in PEOPLE:
        code = await answered(town, who, query.replace("$order", order))
        if who in allowed:
            assert code not in (*DENIED, "UNKNOWN"), who
        elif who is None:
            assert code == "UNAUTHENTICATED"
        else:
            assert code in MISSING.get(name, {"NOT_ALLOWED"}), who
    assert await picture(town) == before


async def test_the_appeals_of_all_units_are_for_supervisors_and_leadership(town: Api) -> None:
    for who in PEOPLE:
        code = await answered(town, who, "{ answer: appeals { __typename ... on Problem { code } } }")
        allowed = who in ("supervisor", "leader")
        assert code == ("ok" if allowed else "UNAUTHENTICATED" if who is None else "NOT_ALLOWED"), who


@pytest.mark.parametrize("name", OTHERS)
async def test_a_mutation_beside_orders_is_for_those_in_its_row(name: str, town: Api) -> None:
    allowed, query = OTHERS[name]
    order = await brought(town, DISPATCH)
    before = await picture(town)
    for who in PEOPLE:
        if who in FOR_THEIR_OWN.get(name, ()):
            continue
        code = await answered(town, who, query.replace("$order", order))
        if who in allowed:
            assert code not in (*DENIED, "UNKNOWN"), (who, code)
        elif who is None:
            assert code == "UNAUTHENTICATED"
        else:
            assert code in ("NOT_ALLOWED", "NOT_FOUND"), (who, code)
    after = await picture(town)
    for changed in (before, after):
        changed.pop("audit")  # who unlocks a login is written down
    assert after == before


async def test_a_file_is_taken_from_those_who_act_on_orders(town: Api) -> None:
    operations = json.dumps(
        {"query": f"mutation($file: Upload!) {{ answer: uploadFile(file: $file) {P} }}", "variables": {"file": None}}
    )
    for who in PEOPLE:
        answer = await town.http.post(
            "/graphql",
            data={"operations": operations, "map": '{"0": ["variables.file"]}'},
            files={"0": ("a.jpg", b"no photo", "image/jpeg")},
            headers=town.headers(who),
        )
        body = answer.json()
        if who is None:
            assert body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        else:
            taken = who in HOTLINE | CITIZEN | {"device", "water", "water-head", "east", "heating", "police"}
            assert body["data"]["answer"]["code"] == ("UNSUPPORTED_FILE" if taken else "NOT_ALLOWED"), who


async def test_subscriptions_are_told_to_those_who_may_see(town: Api) -> None:
    order = await brought(town, DISPATCH)
    of_order = 'subscription { workOrderChanged(id: "%s") { __typename ... on Problem { code } } }'
    of_desk = "subscription { deskChanged(%s) { __typename ... on Problem { code } } }"
    of_lights = of_desk.replace("deskChanged", "lightChanged")
    tries = {
        of_order % order: ("NOT_FOUND", SEES_ALL | WATER | {"zhang"}),
        of_desk % "status: RECEIVED": ("NOT_ALLOWED", SEES_ALL),
        of_desk % 'unit: "unit:water"': ("NOT_ALLOWED", SEES_ALL | WATER),
        of_desk % "phone: DUTY": ("NOT_ALLOWED", DISPATCHERS | {"operator", "supervisor"}),
        of_lights % "status: RECEIVED": ("NOT_ALLOWED", SEES_ALL),
        of_lights % 'unit: "unit:water"': ("NOT_ALLOWED", SEES_ALL | WATER),
        "subscription { liveBoard { __typename ... on Problem { code } } }": (
            "NOT_ALLOWED",
            frozenset({"supervisor", "leader", "water-head"}),
        ),
        "subscription { inboxChanged { __typename ... on Problem { code } } }": ("NOT_ALLOWED", STAFF_NAMES),
    }
    for query, (code, allowed) in tries.items():
        for who in PEOPLE:
            if who in allowed:
                continue
            async with town.websocket(who) as socket:
                await socket.subscribe(query)
                message = await socket.receive()
            if who is None:
                (error,) = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
                assert error["extensions"]["code"] == "UNAUTHENTICATED"
            else:
                assert list(message["payload"]["data"].values()) == [{"__typename": "Problem", "code": code}], who


async def test_a_search_by_person_is_for_the_hotline_alone(town: Api) -> None:
    """Leadership reads every order and knows no reporter: a search by phone would tell it."""
    await town.intake("zhang", reporting="CONFIDENTIAL", phone="13911112222", name="李保密")
    for narrowed in ('{phone: "13911112222"}', '{name: "李保密"}'):
        query = f"{{ answer: orders(filter: {narrowed}) {{ __typename ... on Problem {{ code }} }} }}"
        for who in PEOPLE:
            code = await answered(town, who, query)
            assert code == ("ok" if who in HOTLINE else "UNAUTHENTICATED" if who is None else "NOT_ALLOWED"), who


@pytest.mark.parametrize("format", ["csv", "xlsx"])
async def test_a_file_of_orders_is_for_those_who_have_a_list_of_them(format: str, town: Api) -> None:
    await brought(town, DISPATCH)
    for who in PEOPLE:
        answer = await town.http.get(f"/exports/orders.{format}?category=none", headers=town.headers(who))
        expected = 401 if who is None else 422 if who in SEES_ALL | UNIT_STAFF else 403
        assert answer.status_code == expected, who
