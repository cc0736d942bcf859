"""What can go wrong with a meeting. What can go wrong with a supervision stands in `lifecycle/errors.py`.

Conflict
├── MeetingNotHeld   no outcome before the meeting
├── MeetingOver      it was held or cancelled
└── NotOnAgenda      the order is none of the meeting's
"""

from foundation.errors import Conflict


class MeetingNotHeld(Conflict):
    code = "MEETING_NOT_HELD"
    text = "会议尚未召开或已取消，不能记录会议结果。"


class MeetingOver(Conflict):
    code = "MEETING_OVER"
    text = "会议已经召开或取消，不能再更改。"


class NotOnAgenda(Conflict):
    code = "NOT_ON_AGENDA"
    text = "该工单不在会议的工单清单中。"
