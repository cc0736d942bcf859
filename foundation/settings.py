"""Settings: everything that differs from one installation to the next, read from the environment once.

Every name is written `ZHENGTONG_` and the field's name in capitals: `ZHENGTONG_PORT=9000`.
`docs/operations.md` lists them.
"""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Self
from zoneinfo import available_timezones

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from foundation.faults import SettingsFault

PREFIX = "ZHENGTONG_"


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class EngineChoice(StrEnum):
    """Which embedded engine to start when no `mongodb_uri` is given."""

    AUTO = "auto"
    """The Rust engine if one is found, else the Python engine."""
    RUST = "rust"
    PYTHON = "python"


class Settings(BaseSettings):
    """One installation: one city, one database."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    environment: Environment = Environment.DEVELOPMENT
    mongodb_uri: SecretStr | None = None
    """A replica set or sharded cluster; without it an embedded engine is started under `data_dir`."""
    database: str = Field("zhengtong", pattern=r"^[A-Za-z0-9_-]{1,38}$")
    engine: EngineChoice = EngineChoice.AUTO
    data_dir: Path = Path("data")
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    processes: int | None = Field(None, ge=1, le=64)
    """API processes; one per core that this process may use when it is not given."""
    zone: str = "Asia/Shanghai"
    """The city's time zone: its local dates are those of this zone."""
    key_encryption_keys: SecretStr | None = None
    """`name:base64` of 32 bytes each, parted by commas, the current one first; `foundation.keys` reads the three."""
    hash_keys: SecretStr | None = None
    signing_keys: SecretStr | None = None
    contact_retention_days: int = Field(730, ge=30, le=36_500)
    """How long a contact 来电来访 is kept on which no order hangs."""
    sms_gateway_url: str = Field(default_factory=lambda given: f"http://127.0.0.1:{given.get('port', 8000) + 10}")
    """Where text messages go; `zhengtong run` starts a stub there, with an inbox to read, unless another is named."""
    sms_gateway_token: SecretStr = SecretStr("development")

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"there is no time zone {zone!r}")
        return zone

    @model_validator(mode="after")
    def _production_is_given_its_secrets(self) -> Self:
        if self.environment is Environment.PRODUCTION:
            for name in ("key_encryption_keys", "hash_keys", "signing_keys"):
                if getattr(self, name) is None:
                    raise ValueError(
                        f"{PREFIX}{name.upper()} must be given in production: `name:` and 32 random bytes in "
                        "base64, for instance from `openssl rand -base64 32`"
                    )
            for name in ("sms_gateway_url", "sms_gateway_token"):
                if name not in self.model_fields_set:
                    raise ValueError(f"{PREFIX}{name.upper()} must be given in production")
        return self

    @property
    def sms_stub_port(self) -> int | None:
        """Where our own stub of an SMS gateway runs; None when a real one was named."""
        return None if "sms_gateway_url" in self.model_fields_set else self.port + 10

    @property
    def api_processes(self) -> int:
        return self.processes or cores()


def cores() -> int:
    """The cores that this process may use, where the system tells; else all of them."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def read_settings() -> Settings:
    """The settings of this process. Raises `SettingsFault`, naming the variable, when one is wrong."""
    try:
        return Settings()
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise SettingsFault(f"{PREFIX}{place.upper()}: {reason}." if place else f"{reason}.") from None
