"""What can go wrong between two platforms, told to the one that asked, or to the administrator who connects it.

Unauthenticated
├── SignatureMissing     a header is missing, or has no such form
├── SignatureRefused     unknown platform or key, one that was revoked, or a signature that does not fit: all look alike
└── RequestStale         signed too long ago, or ahead of time
Conflict
├── NonceReused          the same nonce under another request
├── PlatformTaken / PlatformRevoked / LastKey
NotFound
└── UnknownPlatform      told to administrators only
"""

from foundation.errors import Conflict, NotFound, Unauthenticated


class SignatureMissing(Unauthenticated):
    code = "SIGNATURE_MISSING"
    text = "请求缺少签名信息，或签名信息的格式不正确。"


class SignatureRefused(Unauthenticated):
    code = "SIGNATURE_REFUSED"
    text = "签名验证未通过。"


class RequestStale(Unauthenticated):
    code = "REQUEST_STALE"
    text = "请求的签名时间与本平台相差超过 5 分钟，请校准时钟后重新签名。"


class NonceReused(Conflict):
    code = "NONCE_REUSED"
    text = "随机数已经用过，请更换后重新签名。"


class PlatformTaken(Conflict):
    code = "PLATFORM_TAKEN"
    text = "该平台已经接入。"


class PlatformRevoked(Conflict):
    code = "PLATFORM_REVOKED"
    text = "该平台已经停用，请重新接入。"


class LastKey(Conflict):
    code = "LAST_KEY"
    text = "这是该平台唯一有效的密钥；请先换发新密钥，或停用平台。"


class UnknownPlatform(NotFound):
    code = "UNKNOWN_PLATFORM"
    text = "没有这个平台，或没有这把密钥。"
