"""What can be wrong with a report that is asked for.

InvalidInput
└── BadPeriod
Conflict
├── PeriodNotOver       it cannot be issued yet
├── PeriodNotBegun      there is nothing to report of yet
├── AlreadyIssued
└── TooManyReports      so many wait already
"""

from foundation.errors import Conflict, InvalidInput


class BadPeriod(InvalidInput):
    code = "BAD_PERIOD"
    text = "报告期间须写作 2026-10（月）、2026-Q4（季度）、2026-H2（半年）或 2026（年），并在 2000 至 2099 年之间。"


class PeriodNotOver(Conflict):
    code = "REPORT_PERIOD_NOT_OVER"
    text = "报告期间尚未结束，不能印发。"


class PeriodNotBegun(Conflict):
    code = "REPORT_PERIOD_NOT_BEGUN"
    text = "报告期间尚未开始。"


class AlreadyIssued(Conflict):
    code = "REPORT_ALREADY_ISSUED"
    text = "该期间的报告已印发或正在印发，不能再次印发；之后的变化见更正。"


class TooManyReports(Conflict):
    code = "TOO_MANY_REPORTS"
    text = "等待制作的报告过多，请稍后再试。"
