"""Idempotency keys 幂等键: a phone on a bad network sends twice, one thing happens."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

import orjson
from pymongo import IndexModel

from foundation.changes import Change
from foundation.clock import kept_until
from foundation.database import Database
from foundation.documents import Stored
from foundation.errors import Conflict, InvalidInput

KEPT = timedelta(days=7)
LONGEST = 100


class KeyReused(Conflict):
    code = "IDEMPOTENCY_KEY_REUSED"
    text = "该幂等键已用于另一项请求，请更换后重试。"


class IdempotencyKey(Stored):
    """A done action: who did it under which key, the hash of what was asked, and the identity of the answer."""

    input: str
    answer: str
    until: datetime

    shard_key: ClassVar[str] = "_id"

    class Settings:
        name = "idempotency_keys"
        indexes = [IndexModel([("until", 1)], name="until", expireAfterSeconds=0)]


@dataclass(frozen=True, slots=True)
class Once:
    """One request under the actor's own key."""

    id: str
    input: str

    @classmethod
    def of(cls, actor: str, key: str, operation: str, given: Mapping[str, Any]) -> "Once":
        """Raises `InvalidInput` for an empty, over-long or unprintable key."""
        if not 1 <= len(key) <= LONGEST or not key.isprintable():
            raise InvalidInput.field("idempotencyKey", f"幂等键须为 1 至 {LONGEST} 个可见字符。")
        content = orjson.dumps([operation, given], option=orjson.OPT_SORT_KEYS, default=str)
        return cls(f"{actor}|{key}", hashlib.sha256(content).hexdigest())

    def record(self, change: Change, answer: str, now: datetime) -> None:
        """Claim the key in the action's own transaction."""
        change.insert(IdempotencyKey(_id=self.id, input=self.input, answer=answer, until=kept_until(now, KEPT)))

    async def answer(self, database: Database) -> str | None:
        """What an earlier run answered, or None if there was none. Raises `KeyReused` if it was asked otherwise."""
        earlier = await database.get(IdempotencyKey, self.id)
        if earlier is None:
            return None
        if earlier.input != self.input:
            raise KeyReused
        return earlier.answer
