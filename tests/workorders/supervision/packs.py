"""A rule pack that supervises nothing by itself."""

from workorders.deadlines.packs import RulePack


def without_supervision(rules: RulePack) -> RulePack:
    by_rule = ("red_light", "bad_callback", "bad_again", "upstream", "repeated")
    return rules.model_copy(update={"supervision": rules.supervision.model_copy(update=dict.fromkeys(by_rule, 0))})
