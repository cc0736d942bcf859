"""Contacts 来电来访: one call in or out, visit, letter or message, with any number of orders on it, also none.

An operator **records 登记** it as it begins, so that orders can hang on it, and **completes 补全** it when it is over:
how long it took, how it ended. Silent (无声) and abusive (骚扰) ones are recorded too. The number is sealed; it is
found by its keyed hash, and shown masked until somebody **reveals** it, with a reason, audited.

A **malicious mark 恶意标记** stands on the number of a recorded contact: a supervisor sets it, with a reason and an
expiry. It warns whoever picks up and never blocks: nothing in this package or in the life cycle asks it before taking
something down, because the next call may be an emergency.

A contact on which no order hangs is deleted at the end of its **retention 保存期限**; one on which an order hangs is
kept as long as the order.

Imports lifecycle, never the other way: `recording.hanging_on` adds an order's link to the order's own transaction.
"""
