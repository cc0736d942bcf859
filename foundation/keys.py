"""The installation's keys: given by settings, or in development made once and kept beside the data."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from foundation.crypto import BadKeySetting, Keyring, Signer, new_key_setting
from foundation.faults import DataFolderFault, SettingsFault
from foundation.settings import PREFIX, Settings


@dataclass(frozen=True, slots=True)
class Keys:
    """What seals and hashes personal data, and what signs tokens and checkpoints."""

    keyring: Keyring
    signer: Signer


def read_keys(settings: Settings) -> Keys:
    """The keys as given; in development one that is not given is made once and kept under `data_dir`, readable by its
    owner only. Safe to call from several processes at once: all get the same keys.

    Raises `SettingsFault` when a key cannot be read, `DataFolderFault` when the folder cannot be written.
    """
    encryption = _setting(settings, "key_encryption_keys", settings.key_encryption_keys)
    hashing = _setting(settings, "hash_keys", settings.hash_keys)
    signing = _setting(settings, "signing_keys", settings.signing_keys)
    try:
        return Keys(Keyring.from_settings(encryption, hashing), Signer.from_settings(signing))
    except BadKeySetting as fault:
        raise SettingsFault(
            f"{PREFIX}KEY_ENCRYPTION_KEYS, {PREFIX}HASH_KEYS or {PREFIX}SIGNING_KEYS cannot be read: {fault}."
        ) from None


def _setting(settings: Settings, name: str, given: SecretStr | None) -> str:
    if given is not None:
        return given.get_secret_value()
    file = settings.data_dir / "keys" / name
    try:
        if not file.exists():
            _write_once(file, new_key_setting("local"))
        return file.read_text()
    except OSError as fault:
        raise DataFolderFault(f"The key {file} cannot be written or read: {fault.strerror}.") from None


def _write_once(file: Path, content: str) -> None:
    """Make `file` with mode 0600 and all of `content`, unless another process was faster: the first one stays."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        file.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
