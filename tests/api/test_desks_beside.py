"""What stands beside the orders: contacts, the dispatch catalogue, the rule pack."""

from tests.api.serving import CITIZENS, PROBLEM, STAFF, Api

CONTACT = f"... on Contact {{ id phone outcome channel {{ id }} orders {{ id }} }} {PROBLEM}"
RULE = f"... on DispatchRule {{ id lead {{ id }} category {{ id }} validTo }} {PROBLEM}"
DONE = f"... on Done {{ done }} {PROBLEM}"


async def test_an_order_hangs_on_the_call_that_it_came_by(api: Api) -> None:
    call = {"channel": "channel:phone", "phone": "138 0013 7000"}
    contact = await api.mutate("operator", "recordContact", CONTACT, **call)
    assert (contact["phone"], contact["outcome"]) == ("138****7000", None)
    order = await api.intake("operator", channel="channel:phone", contact=contact["id"])
    done = await api.mutate("operator", "completeContact", CONTACT, contact=contact["id"], outcome="REPORTED")
    assert done["orders"] == [{"id": order}]
    history = f"""{{ contacts(phone: "13800137000") {{
        ... on ContactConnection {{ edges {{ node {{ id }} }} }} {PROBLEM}
    }} }}"""
    assert (await api.data("caller", history))["edges"] == [{"node": {"id": contact["id"]}}]
    for who in ("water", "zhang"):
        assert (await api.data(who, history))["code"] == "NOT_ALLOWED"
        assert (await api.mutate(who, "recordContact", CONTACT, **call))["code"] == "NOT_ALLOWED"


async def test_contacts_are_for_those_whose_work_they_are(api: Api) -> None:
    hotline = {"operator", "dispatcher", "chief", "reviewer", "caller", "supervisor"}
    call = {"channel": "channel:phone", "phone": "13600136000"}
    contact = (await api.mutate("operator", "recordContact", CONTACT, **call))["id"]
    about = f'contact: "{contact}", reason: ""'
    operations = {
        f'{{ contact(id: "{contact}") {{ __typename ... on Problem {{ code }} }} }}': hotline,
        f"mutation {{ revealContactPhone(input: {{{about}}}) {{ __typename ... on Problem {{ code }} }} }}": hotline,
        f'mutation {{ markMalicious(input: {{{about}, until: "2026-12-01T00:00:00Z"}}) '
        "{ __typename ... on Problem { code } } }": {"supervisor"},
        f"mutation {{ liftMaliciousMark(input: {{{about}}}) {{ __typename ... on Problem {{ code }} }} }}": {
            "supervisor"
        },
        f'mutation {{ completeContact(input: {{contact: "{contact}", idempotencyKey: "k", outcome: ANSWERED, '
        "durationSeconds: -1}) { __typename ... on Problem { code } } }": {"operator", "supervisor"},
    }
    for query, allowed in operations.items():
        for who in (*STAFF, *CITIZENS):
            code = (await api.data(who, query)).get("code", "ok")
            denied = "NOT_ALLOWED" if who in hotline else "NOT_FOUND"
            if who in allowed:
                assert code not in ("NOT_ALLOWED", "NOT_FOUND", "UNKNOWN"), (who, query)
            else:
                assert code == denied, (who, query)
        assert (await api.run(None, query))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_malicious_mark_warns_and_never_blocks(api: Api) -> None:
    number = "13700137000"
    contact = (await api.mutate("operator", "recordContact", CONTACT, channel="channel:phone", phone=number))["id"]
    caller = f'{{ caller(phone: "{number}") {{ ... on Caller {{ mark {{ reason }} }} {PROBLEM} }} }}'
    mark = "mutation($input: MarkMaliciousInput!) { markMalicious(input: $input) { " + DONE + " } }"
    given = {"contact": contact, "reason": "多次辱骂话务员", "until": "2026-12-01T00:00:00+08:00"}
    assert (await api.data("operator", mark, input=given))["code"] == "NOT_ALLOWED"
    assert await api.data("supervisor", mark, input=given) == {"done": True}
    assert await api.data("operator", caller) == {"mark": {"reason": "多次辱骂话务员"}}
    assert await api.intake("operator", channel="channel:phone", phone=number)
    lift = "mutation($input: ContactReasonInput!) { liftMaliciousMark(input: $input) { " + DONE + " } }"
    assert await api.data("supervisor", lift, input={"contact": contact, "reason": "已当面沟通"}) == {"done": True}
    assert await api.data("operator", caller) == {"mark": None}


async def test_a_rule_of_the_catalogue_routes_until_it_is_retired(api: Api) -> None:
    rule = {"category": "category:water", "lead": "unit:water", "basis": "三定方案", "validFrom": "2026-11-16"}
    propose = "mutation($input: DispatchRuleInput!) { proposeDispatchRule(input: $input) { " + RULE + " } }"
    assert (await api.data("dispatcher", propose, input={**rule, "idempotencyKey": "r0"}))["code"] == "NOT_ALLOWED"
    made = await api.data("chief", propose, input={**rule, "idempotencyKey": "r1"})
    assert (made["lead"], made["category"]) == ({"id": "unit:water"}, {"id": "category:water"})
    again = await api.data("chief", propose, input={**rule, "idempotencyKey": "r2"})
    assert again["code"] == "DISPATCH_RULE_OVERLAPS"

    order = await api.intake()
    suggested = "query($id: ID!) { order(id: $id) { ... on Order { routing { lead { id } rule reason basis } } } }"
    routing = (await api.data("dispatcher", suggested, id=order))["routing"]
    assert (routing["lead"], routing["rule"], routing["basis"]) == ({"id": "unit:water"}, made["id"], "三定方案")
    assert (await api.data("zhang", suggested, id=order))["routing"] is None

    retire = {"rule": made["id"], "lastDay": "2026-11-15", "reason": "职责调整"}
    assert (await api.mutate("chief", "retireDispatchRule", RULE, **retire))["validTo"] == "2026-11-15"
    assert (await api.data("dispatcher", suggested, id=order))["routing"]["lead"] is None


async def test_the_rule_pack_is_told_row_by_row(api: Api) -> None:
    pack = await api.data("zhang", "{ rulePack { id rows { name value } } }")
    rows = {row["name"]: row["value"] for row in pack["rows"]}
    assert rows["reply.consult"] == "1个工作日"
    assert rows["reply.urgent"] == "24小时"
    assert rows["sign.normal"] == "2个工作小时"
    assert rows["switches.unit_review"] == "是"
    order = await api.intake()
    deadline = "query($id: ID!) { order(id: $id) { ... on Order { citizenDeadline { basis rules } } } }"
    told = (await api.data("zhang", deadline, id=order))["citizenDeadline"]
    assert told["rules"] == pack["id"]
    assert told["basis"] in rows
