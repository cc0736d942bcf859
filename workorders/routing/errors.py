"""What can go wrong with the dispatch catalogue.

Conflict
├── RuleOverlaps         another rule for the same category and place is valid on some of the days
├── RuleHasEnded         a rule that is over cannot be replaced or retired
└── CatalogueFull
NotFound
└── NoSuchRule
"""

from foundation.errors import Conflict, NotFound
from workorders.routing.rules import Rule


class RuleOverlaps(Conflict):
    code = "DISPATCH_RULE_OVERLAPS"
    text = "同一事项和地点在该有效期内已有派单规则。"

    def __init__(self, other: Rule) -> None:
        last = other.valid_to.isoformat() if other.valid_to else "长期"
        super().__init__(
            f"同一事项和地点已有派单规则（编号 {other.id}，有效期 {other.valid_from.isoformat()} 至 {last}），"
            "请先停用或替换该规则。"
        )
        self.other = other


class RuleHasEnded(Conflict):
    code = "DISPATCH_RULE_HAS_ENDED"
    text = "该派单规则已经失效，不能再替换或停用。"


class CatalogueFull(Conflict):
    code = "DISPATCH_CATALOGUE_FULL"
    text = "派单目录的规则数量已达上限。"


class NoSuchRule(NotFound):
    code = "NO_SUCH_DISPATCH_RULE"
    text = "没有这条派单规则。"
