"""What a newcomer gets from `zhengtong run`: a city to look at, and where to look."""

import asyncio
import sys
import time
from collections.abc import Callable
from datetime import timedelta

from foundation.settings import Settings
from identity.actors import Role
from runtime.composition import App
from runtime.demo.city import DemoCity, DemoStaff, make_city
from runtime.demo.documents import DemoMark, SeedingState
from runtime.demo.seeding import MARK, ORDERS, PASSWORD, SEED, Seeded, SeedingElsewhere, seed

AGAIN_AFTER = timedelta(seconds=2)
TOLD_EVERY_SECONDS = 5.0


async def seed_once(app: App, tell: Callable[[str], None], *, number: int = SEED, orders: int = ORDERS) -> Seeded:
    """Fill an empty database with the demo city; waits while somebody else does, or where one was just broken off.

    Raises `NotEmpty` when the database holds anything else.
    """
    told = False
    while True:
        try:
            return await seed(app, seed=number, orders=orders, progress=_progress(tell))
        except SeedingElsewhere:
            if not told:
                tell("The demo city is being made by another process, or that was broken off just now; waiting.")
            told = True
            await asyncio.sleep(AGAIN_AFTER.total_seconds())


def _progress(tell: Callable[[str], None]) -> Callable[[int, int], None]:
    """One line that grows on a terminal; a sentence every few seconds elsewhere."""
    last = time.monotonic()

    def progress(done: int, of: int) -> None:
        nonlocal last
        if sys.stderr.isatty():
            sys.stderr.write(f"\rMaking the demo city: {done} of {of} orders{'' if done < of else chr(10)}")
            sys.stderr.flush()
        elif time.monotonic() - last > TOLD_EVERY_SECONDS:
            last = time.monotonic()
            tell(f"Making the demo city: {done} of {of} orders")

    return progress


async def demo_city(app: App) -> DemoCity | None:
    """The demo city of this database, None if there is none."""
    mark = await app.database.get(DemoMark, MARK)
    if mark is None or mark.state is not SeedingState.DONE:
        return None
    zone = (await app.library.current()).calendar.zone
    return make_city(mark.seed, mark.as_of.astimezone(zone).date())


def logins(city: DemoCity, settings: Settings) -> str:
    """One login of each role, for the terminal."""
    shown: dict[Role, DemoStaff] = {}
    for person in city.staff:
        shown.setdefault(person.roles[0], person)
    lines = [f"Staff log in with these names and the password {PASSWORD}:"]
    for role, person in shown.items():
        unit = f", {city.units[person.unit].name}" if person.unit else ""
        lines.append(f"  {role.replace('_', ' '):<18} {person.login:<24} {person.name}{unit}")
    if city.residents and settings.sms_stub_port is not None:
        lines.append(
            f"Citizens log in by a code sent to their mobile, for instance {city.residents[0].mobile}; "
            f"the messages are shown at http://127.0.0.1:{settings.sms_stub_port}/"
        )
    return "\n".join(lines)
