"""`zhengtong platform`: connecting platforms above 上级平台."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from foundation.faults import ExitCode
from identity.actors import Actor, system_actor
from runtime.terminal import AsJson, answer, tell, with_server

if TYPE_CHECKING:
    from foundation.settings import Settings
    from runtime.server import Server
    from workorders.exchange.documents import Platform
    from workorders.exchange.platforms import Issued, Platforms

T = TypeVar("T")
TERMINAL = system_actor("terminal")
platform = typer.Typer(help="Platforms above 上级平台 that hand orders down, and their keys.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="PLATFORM", help="What its hand-downs name as their source: province.")]
Url = Annotated[str | None, typer.Option("--url", help="Where it is told; without one it asks by itself.")]


@platform.command("add")
def add(
    id: Id,
    name: Annotated[str, typer.Option(help="What people call it: 省12345平台.")],
    url: Url = None,
    channel: Annotated[str, typer.Option(help="The channel that its orders come in by.")] = "upstream",
    as_json: AsJson = False,
) -> None:
    """Connect a platform, or one that was revoked anew, and show its first key. The secret is shown only now."""
    issued = _run(lambda desk, who: desk.connect(who, id, name=name, url=url, channel=channel))
    answer(_issued(issued), as_json=as_json, text=lambda: _shown(issued))


@platform.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List the platforms with their keys, without secrets."""
    found = _run(lambda desk, who: desk.all(who))
    content = [_as_json(each) for each in found]
    answer(content, as_json=as_json, text=lambda: "\n".join(map(_line, found)) or "No platform is connected.")


@platform.command("move")
def move(id: Id, url: Url = None, as_json: AsJson = False) -> None:
    """Tell the platform at another address, or, without one, no longer."""
    moved = _run(lambda desk, who: desk.move(who, id, url=url))
    answer(_as_json(moved), as_json=as_json, text=lambda: _line(moved))


@platform.command("key")
def key(id: Id, as_json: AsJson = False) -> None:
    """Make a new key beside those that are good, and show it. The secret is shown only now.

    We sign with the oldest good key: once the platform knows the new one, revoke the old.
    """
    issued = _run(lambda desk, who: desk.new_key(who, id))
    answer(_issued(issued), as_json=as_json, text=lambda: _shown(issued))


@platform.command("revoke")
def revoke(
    id: Id,
    key: Annotated[str | None, typer.Argument(help="One key; the platform with all its keys if none is named.")] = None,
    as_json: AsJson = False,
) -> None:
    """Revoke one key, or the whole platform, at once. Its orders stay."""
    after = _run(lambda desk, who: desk.revoke(who, id) if key is None else desk.revoke_key(who, id, key))
    answer(_as_json(after), as_json=as_json, text=lambda: _line(after))


def _run(verb: "Callable[[Platforms, Actor], Awaitable[T]]") -> T:
    """Run a verb of the platforms; what is wrong with it is told, and the command ends."""
    from foundation.clock import SystemClock
    from foundation.errors import DomainError
    from runtime.preparing import installation, prepare

    async def body(settings: "Settings", server: "Server") -> T:
        async with installation(settings, server, SystemClock()) as app:
            await prepare(app, tell)
            return await verb(app.exchange.platforms, TERMINAL)

    try:
        return with_server(body, tell)
    except DomainError as fault:
        tell(f"zhengtong: {fault.message}")
        raise typer.Exit(ExitCode.FOUND_WANTING) from None


def _as_json(platform: "Platform") -> dict[str, Any]:
    return {
        "platform": platform.id,
        "name": platform.name,
        "url": platform.url,
        "channel": platform.channel,
        "connectedAt": platform.connected_at,
        "revokedAt": platform.revoked_at,
        "keys": [{"key": key.id, "madeAt": key.made_at, "revokedAt": key.revoked_at} for key in platform.keys],
    }


def _issued(issued: "Issued") -> dict[str, Any]:
    return {"platform": issued.platform.id, "key": issued.key, "secret": issued.secret}


def _shown(issued: "Issued") -> str:
    return f"platform  {issued.platform.id}\nkey       {issued.key}\nsecret    {issued.secret}"


def _line(platform: "Platform") -> str:
    state = "revoked" if platform.revoked_at else platform.url or "asks by itself"
    keys = ", ".join(key.id for key in platform.good_keys) or "none"
    return f"{platform.id}  {platform.name}  {state}  keys: {keys}"
