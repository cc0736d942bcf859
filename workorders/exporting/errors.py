"""What can go wrong with an export.

InvalidInput
└── ExportTooLarge      more rows than one export gives
RateLimited
└── ExportUnderWay      one at a time for each person
Busy
└── ExportsBusy         this process writes as many as it can
NotFound
└── LinkOver            used, run out, or never given
"""

from foundation.errors import Busy, InvalidInput, NotFound, RateLimited

MOST_ROWS = 200_000


class ExportTooLarge(InvalidInput):
    code = "EXPORT_TOO_LARGE"
    text = f"符合条件的工单超过 {MOST_ROWS} 条，请缩小范围，分次导出。"


class ExportUnderWay(RateLimited):
    code = "EXPORT_UNDER_WAY"
    text = "您有一项导出正在进行，请等待其完成后再试。"


class ExportsBusy(Busy):
    code = "EXPORTS_BUSY"
    text = "正在进行的导出较多，请稍后再试。"


class LinkOver(NotFound):
    code = "EXPORT_LINK_OVER"
    text = "导出链接已使用或已失效，请重新获取。"
