"""Identity 身份: residents 居民, staff 工作人员, member units 成员单位, sessions 会话, permissions 权限.

Everybody who acts is an `Actor` (`actors.py`), proven at the edge by a token and handed to every use
case. A resident is one document whose personal data (real name 姓名, resident ID 居民身份证号, citizen
card 市民卡, mobile 手机号) is sealed field by field; what must be unique about a person is the `_id` of a
claim over a keyed hash. Reading personal data in clear is `reveal` 查看原文: an audited action with a reason.
"""
