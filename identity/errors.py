"""What can go wrong in identity, as its own people expect it.

DomainError
├── Unauthenticated
│   ├── SessionEnded        signed out, here or everywhere, or not renewed in time
│   ├── RefreshReused       a refresh token came a second time: its session was ended
│   ├── WrongLogin          login name or password; which of them is not said
│   └── WrongCode           the code from the text message; expired, used up or never sent look the same
├── RateLimited
│   └── LoginLocked         too many failures: wait
├── Conflict
│   ├── MobileTaken, NumberTaken, CardTaken      claimed by another resident
│   ├── LoginTaken
│   ├── UnitInUse, UnitAbolished, NotATree
│   └── AlreadyErased
├── InvalidInput
│   ├── ReasonMissing       a reveal says why
│   └── WeakPassword
└── Busy
    └── SmsUnavailable      the gateway does not answer
"""

from foundation.errors import Busy, Conflict, InvalidInput, RateLimited, Unauthenticated


class SessionEnded(Unauthenticated):
    code = "SESSION_ENDED"
    text = "登录已失效，请重新登录。"


class RefreshReused(SessionEnded):
    code = "REFRESH_REUSED"
    text = "登录凭证被重复使用，为安全起见已退出登录，请重新登录。"


class WrongLogin(Unauthenticated):
    code = "WRONG_LOGIN"
    text = "账号或密码错误。"


class WrongCode(Unauthenticated):
    code = "WRONG_CODE"
    text = "验证码错误或已失效，请重新获取。"


class LoginLocked(RateLimited):
    code = "LOGIN_LOCKED"
    text = "登录失败次数过多，请稍后再试。"


class MobileTaken(Conflict):
    code = "MOBILE_TAKEN"
    text = "该手机号已被其他账号使用。"


class NumberTaken(Conflict):
    code = "RESIDENT_NUMBER_TAKEN"
    text = "该身份证号已在其他账号实名登记。"


class CardTaken(Conflict):
    code = "CITIZEN_CARD_TAKEN"
    text = "该市民卡号已在其他账号登记。"


class AlreadyVerified(Conflict):
    code = "ALREADY_VERIFIED"
    text = "该账号已完成实名登记，如需更正请到服务窗口办理。"


class LoginTaken(Conflict):
    code = "LOGIN_TAKEN"
    text = "该登录名已被使用。"


class UnitInUse(Conflict):
    code = "UNIT_IN_USE"
    text = "该编号已被使用。"


class UnitAbolished(Conflict):
    code = "UNIT_ABOLISHED"
    text = "该单位已撤销。"


class NotATree(Conflict):
    code = "NOT_A_TREE"
    text = "上级设置有误：不能以自身或下级为上级，层级也不能过深。"


class ReasonMissing(InvalidInput):
    code = "REASON_MISSING"
    text = "请填写查看原因（4至200字）。"


class WeakPassword(InvalidInput):
    code = "WEAK_PASSWORD"
    text = "密码须为10至128个字符，且不能是常见密码或包含登录名。"


class SmsUnavailable(Busy):
    code = "SMS_UNAVAILABLE"
    text = "短信暂时无法发送，请稍后重试。"
