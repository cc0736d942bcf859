"""What can be wrong with a question about figures."""

from foundation.errors import Conflict, InvalidInput


class BadWindow(InvalidInput):
    code = "BAD_WINDOW"
    text = "统计起始日期不能晚于截止日期，须在 2000 至 2099 年之间，最多 5 年。"


class BadRanking(InvalidInput):
    code = "BAD_RANKING"
    text = (
        "受理量等非比率指标不能排名；最小样本须在 1 至 1000000 之间；分档阈值须由优到劣，介于 0 与 1 之间，最多 5 个。"
    )


class BadList(InvalidInput):
    code = "BAD_LIST"
    text = "所列原因不是该指标的剔除原因。"


class NotIssued(Conflict):
    code = "MONTH_NOT_ISSUED"
    text = "所选时间须由已印发（锁定）的整月组成。"
