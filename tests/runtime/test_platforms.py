"""`zhengtong platform`: an administrator connects platforms, changes their keys and cuts them off."""

import asyncio
import json
from pathlib import Path

import pytest

from foundation.faults import ExitCode
from tests.installation import Installation
from tests.runtime.processes import environment, zhengtong


@pytest.fixture
def env(mongodb_uri: str, tmp_path: Path) -> dict[str, str]:
    """An installation with its town."""
    installation = Installation(tmp_path, mongodb_uri=mongodb_uri)
    asyncio.run(installation.make_town())
    return environment(tmp_path, ZHENGTONG_MONGODB_URI=mongodb_uri, ZHENGTONG_DATABASE=installation._database)


def run(env: dict[str, str], *arguments: str, expecting: int = ExitCode.DONE) -> str:
    ended = zhengtong("platform", *arguments, env=env)
    assert ended.returncode == expecting, ended.stderr
    return ended.stdout if expecting == ExitCode.DONE else ended.stderr


def test_a_platform_is_connected_rotated_and_cut_off(env: dict[str, str]) -> None:
    url = "https://province.example/city"
    first = json.loads(run(env, "add", "province", "--name", "省平台", "--url", url, "--json"))
    assert set(first) == {"platform", "key", "secret"}
    assert "已经接入" in run(env, "add", "province", "--name", "省平台", expecting=ExitCode.FOUND_WANTING)
    shown = run(env, "key", "province")
    second = dict(line.split() for line in shown.splitlines())
    assert second["platform"] == "province" and second["secret"] != first["secret"]
    listed = run(env, "list")
    assert first["key"] in listed and second["key"] in listed and url in listed
    assert first["secret"] not in listed and second["secret"] not in listed
    run(env, "revoke", "province", first["key"])
    assert "唯一有效" in run(env, "revoke", "province", second["key"], expecting=ExitCode.FOUND_WANTING)
    assert "asks by itself" in run(env, "move", "province")
    run(env, "revoke", "province")
    (after,) = json.loads(run(env, "list", "--json"))
    assert after["revokedAt"] and all(key["revokedAt"] for key in after["keys"])
    for wrong in (("add", "P", "--name", "x"), ("key", "nobody"), ("add", "x1", "--name", "x", "--channel", "none")):
        assert "。" in run(env, *wrong, expecting=ExitCode.FOUND_WANTING)
