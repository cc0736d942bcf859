"""What can be wrong with an assessment.

InvalidInput
├── BadMonth
├── NoSuchItem           the scheme has no item of this name
└── ItemWithoutOrders    it goes by what was recorded
Conflict
├── SchemeVersionTaken   published versions never change
├── MonthIssued          nothing that its score follows from may change any more
└── NoScheme             none holds for the month
"""

from foundation.errors import Conflict, InvalidInput


class BadMonth(InvalidInput):
    code = "BAD_MONTH"
    text = "月份须写作 2026-10，并在 2000 至 2099 年之间。"


class NoSuchItem(InvalidInput):
    code = "NO_SUCH_ASSESSMENT_ITEM"
    text = "该月的考核方案没有这一项。"


class ItemWithoutOrders(InvalidInput):
    code = "ASSESSMENT_ITEM_WITHOUT_ORDERS"
    text = "该项按登记的数字计分，没有对应的工单。"


class SchemeVersionTaken(Conflict):
    code = "SCHEME_VERSION_TAKEN"
    text = "该方案的这一版本已经发布，发布后不能更改；请改用新的版本号。"


class MonthIssued(Conflict):
    code = "MONTH_ISSUED"
    text = "该月的报告已经印发，考核得分不能再变。"


class NoScheme(Conflict):
    code = "NO_ASSESSMENT_SCHEME"
    text = "该月没有生效的考核方案。"
