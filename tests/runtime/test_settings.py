"""Settings and keys: made once in development, shared by all processes, readable by nobody else."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from foundation.crypto import new_key_setting
from foundation.faults import DataFolderFault, SettingsFault
from foundation.keys import read_keys
from foundation.settings import Environment, Settings, read_settings


def test_keys_are_made_once_and_private(settings: Settings) -> None:
    first, second = read_keys(settings), read_keys(settings)
    sealed = first.keyring.wrap(key := first.keyring.new_data_key())
    assert second.keyring.unwrap(sealed) == key
    assert second.signer.verifier.public_keys == first.signer.verifier.public_keys
    files = list((settings.data_dir / "keys").iterdir())
    assert len(files) == 3
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert (settings.data_dir / "keys").stat().st_mode & 0o777 == 0o700


def test_processes_that_start_at_once_get_the_same_keys(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from foundation.settings import Settings; from foundation.keys import read_keys\n"
        f"keys = read_keys(Settings(data_dir=Path({str(tmp_path)!r})))\n"
        "print(sorted(key.hex() for key in keys.signer.verifier.public_keys.values()))"
    )
    processes = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({process.communicate()[0] for process in processes}) == 1


def test_given_keys_are_used_and_never_written(settings: Settings) -> None:
    given = {name: SecretStr(new_key_setting("a")) for name in ("key_encryption_keys", "hash_keys", "signing_keys")}
    read_keys(settings.model_copy(update=given))
    assert not settings.data_dir.exists()


def test_a_key_that_cannot_be_read_or_written_is_named(settings: Settings) -> None:
    with pytest.raises(SettingsFault, match="SIGNING_KEYS"):
        read_keys(settings.model_copy(update={"signing_keys": SecretStr("no key")}))
    blocked = settings.data_dir / "file"
    blocked.write_text("a file where a folder should be")
    with pytest.raises(DataFolderFault, match="key_encryption_keys"):
        read_keys(settings.model_copy(update={"data_dir": blocked}))


def test_production_is_given_every_secret() -> None:
    secrets = {
        **{name: new_key_setting("a") for name in ("key_encryption_keys", "hash_keys", "signing_keys")},
        "sms_gateway_url": "https://sms.example",
        "sms_gateway_token": "token",
    }
    assert Settings(environment=Environment.PRODUCTION, **secrets).sms_stub_port is None  # type: ignore[arg-type]
    for name in secrets:
        without = {key: value for key, value in secrets.items() if key != name}
        with pytest.raises(ValidationError, match=f"ZHENGTONG_{name.upper()} must be given in production"):
            Settings(environment=Environment.PRODUCTION, **without)  # type: ignore[arg-type]


def test_an_empty_variable_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHENGTONG_MONGODB_URI", "")
    assert read_settings().mongodb_uri is None


def test_secrets_are_never_printed(settings: Settings) -> None:
    uri = "mongodb://user:hunter2@localhost"
    assert "hunter2" not in repr(settings.model_copy(update={"mongodb_uri": SecretStr(uri)}))
    told = repr(read_keys(settings))
    assert not any(file.read_text().partition(":")[2] in told for file in (settings.data_dir / "keys").iterdir())
