"""What can go wrong with a contact.

Conflict
├── AlreadyCompleted
├── NumberUnknown       the caller's number was withheld, or erased
└── NotMarked
InvalidInput
└── BadExpiry
"""

from foundation.errors import Conflict, FieldFault, InvalidInput


class AlreadyCompleted(Conflict):
    code = "CONTACT_ALREADY_COMPLETED"
    text = "该来电来访记录已补全，不能再改。"


class NumberUnknown(Conflict):
    code = "NUMBER_UNKNOWN"
    text = "该记录没有电话号码。"


class NotMarked(Conflict):
    code = "NOT_MARKED"
    text = "该号码没有恶意标记，或标记已到期。"


class BadExpiry(InvalidInput):
    code = "BAD_EXPIRY"

    def __init__(self, days: int) -> None:
        message = f"恶意标记的到期时间须在将来，且不超过 {days} 天。"
        super().__init__(message, fields=[FieldFault("until", message)])
