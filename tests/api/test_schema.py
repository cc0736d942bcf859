"""The schema as a contract: exported, complete, and the same way of failing everywhere."""

from graphql import GraphQLInputObjectType, GraphQLNonNull, GraphQLObjectType, GraphQLUnionType, get_named_type

from api.schema import build_schema
from identity.actors import Role
from runtime.schema import FILE, compare
from workorders.lifecycle.access import ALLOWED, BROUGHT_ALONG
from workorders.lifecycle.states import Action, RequestKind

SCHEMA = build_schema(introspection=True)._schema
DECIDED_BY_KIND = {decision for kind in RequestKind for decision in (kind.grant, kind.refuse)}
"""Told by `orderGrant` and `orderRefuse` with the kind."""
BY_THEMSELVES = BROUGHT_ALONG | {action for action, roles in ALLOWED.items() if roles == {Role.SYSTEM}}
"""Of nobody's own."""
READS_THAT_CANNOT_FAIL = {"me", "units", "categories", "places", "channels", "rulePack", "node"}


def fields(type: GraphQLObjectType | None) -> dict[str, object]:
    assert type is not None
    return dict(type.fields)


def test_the_exported_schema_is_the_program_s() -> None:
    changes = compare(FILE)
    assert changes.breaking == []
    assert changes.diff == []


def test_every_action_has_its_mutation() -> None:
    mutations = fields(SCHEMA.mutation_type)
    for action in set(Action) - DECIDED_BY_KIND - BY_THEMSELVES - {Action.ACKNOWLEDGE}:  # which comes over the exchange
        name = "order" + "".join(part.capitalize() for part in action.value.split("_"))
        assert name in mutations, name
    assert {"orderGrant", "orderRefuse"} <= mutations.keys()


def test_every_action_takes_an_idempotency_key() -> None:
    assert SCHEMA.mutation_type is not None
    for name, field in SCHEMA.mutation_type.fields.items():
        if name.startswith("order"):
            input = get_named_type(field.args["input"].type)
            assert isinstance(input, GraphQLInputObjectType)
            assert isinstance(input.fields["idempotencyKey"].type, GraphQLNonNull), name


def test_whatever_can_fail_answers_a_union_with_a_problem() -> None:
    for root in (SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type):
        assert root is not None
        for name, field in root.fields.items():
            answer = get_named_type(field.type)
            if name in READS_THAT_CANNOT_FAIL:
                continue
            assert isinstance(answer, GraphQLUnionType), name
            assert "Problem" in [member.name for member in answer.types], name


def test_root_fields_are_described() -> None:
    for root in (SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type):
        assert root is not None
        assert [name for name, field in root.fields.items() if not field.description] == []
