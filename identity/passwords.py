"""Passwords of staff: argon2id with 19 MiB and two passes (OWASP's minimum), off the event loop."""

import asyncio
import unicodedata
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from identity.errors import WeakPassword

AT_ONCE: Final = 2
"""Hashes computed side by side in one process: bounds memory (19 MiB each) and keeps a core free."""

SHORTEST: Final = 10
LONGEST: Final = 128
COMMON: Final = ("123456", "abcdef", "qwerty", "password", "11111", "00000", "88888", "66666")


def checked_password(password: str, login: str) -> str:
    """Raises WeakPassword for what is too short or long, common, or holds the login name."""
    folded = password.casefold()
    if not SHORTEST <= len(password) <= LONGEST or not password.isprintable() or len(set(folded)) < 5:
        raise WeakPassword
    if folded in {login, login * 2} or login in folded or any(folded.startswith(common) for common in COMMON):
        raise WeakPassword
    return password


class Passwords:
    """Hashes and verifies; one per process."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """The stored form."""
        async with self._turn:
            return await asyncio.to_thread(self._hash, _normal(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password fits; without a stored hash (nobody has that login) no, after as long a time."""
        if len(password) > LONGEST:
            return False
        async with self._turn:
            if self._nobody is None:
                self._nobody = await asyncio.to_thread(self._hash, b"nobody has this login")
            return await asyncio.to_thread(self._verify, stored, _normal(password))

    def _hash(self, password: bytes) -> str:
        return self._hasher.hash(password)

    def _verify(self, stored: str | None, password: bytes) -> bool:
        try:
            return self._hasher.verify(stored or self._nobody or "", password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def _normal(password: str) -> bytes:
    """One form for what keyboards write in several; what is no text at all still has bytes."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
