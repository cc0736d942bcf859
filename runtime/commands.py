"""The command line. Each command is a thin shell that imports what it needs when it runs."""

import logging
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import structlog
import typer

from foundation.faults import ExitCode, OperatorFault
from runtime.assessment_commands import assessment, schemes
from runtime.calendar_commands import calendar
from runtime.figures_commands import figures
from runtime.platform_commands import platform
from runtime.report_commands import report
from runtime.terminal import AsJson, InFile, answer, fault_told, tell, with_server

if TYPE_CHECKING:
    from foundation.settings import Settings
    from runtime.composition import App
    from runtime.server import Server

app = typer.Typer(
    name="zhengtong",
    help="Zhengtong 政通: a city's 12345 hotline and government services. Settings come from ZHENGTONG_… variables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(calendar, name="calendar")
rules = typer.Typer(help="Rule packs 规则包: a city's limits, switches and caps.", no_args_is_help=True)
app.add_typer(rules, name="rules")
app.add_typer(platform, name="platform")
app.add_typer(figures, name="figures")
app.command("report")(report)
app.add_typer(schemes, name="schemes")
app.command("assessment")(assessment)


@app.command()
def run() -> None:
    """Start everything with a demo city: the database, the API and a worker. Ctrl-C stops it."""
    from foundation.settings import Environment, read_settings
    from runtime.running import address, run_processes

    settings = read_settings()
    welcome: list[str] = []

    async def make_city(app: "App") -> None:
        from runtime.demo.seeding import NotEmpty
        from runtime.welcome import demo_city, logins, seed_once

        if settings.environment is Environment.DEVELOPMENT:
            with suppress(NotEmpty):  # somebody's own data: it stays as it is
                await seed_once(app, tell)
        city = await demo_city(app)
        if city is not None:
            welcome.append(logins(city, settings))

    def ready() -> None:
        for part in welcome:
            tell(part)
        tell(f"GraphQL, with its explorer: {address(settings)}/graphql")
        tell("Ready. Ctrl-C stops everything.")

    run_processes(settings, tell, first=make_city, ready=ready)


@app.command()
def serve() -> None:
    """Run the API processes, one per core, until Ctrl-C or SIGTERM; one that dies is started again."""
    from foundation.settings import read_settings
    from runtime.running import address, run_processes

    settings = read_settings()
    run_processes(settings, tell, workers=0, ready=lambda: tell(f"The API answers at {address(settings)}"))


@app.command()
def worker(processes: Annotated[int, typer.Option(min=1, max=64, help="How many worker processes.")] = 1) -> None:
    """Run worker processes (deadlines, notifications, everything that is due) until Ctrl-C or SIGTERM."""
    from foundation.settings import read_settings
    from runtime.running import run_processes

    run_processes(read_settings(), tell, web=False, workers=processes)


@app.command()
def seed(
    number: Annotated[int, typer.Option("--seed", help="The same number gives the same city.")] = 12345,
    orders: Annotated[int, typer.Option(min=0, max=100_000, help="How many work orders.")] = 300,
    as_json: AsJson = False,
) -> None:
    """Fill an empty database with the demo city: units, staff, residents, catalogue and work orders in every state."""
    from dataclasses import asdict

    from foundation.clock import SystemClock
    from runtime.demo.seeding import NotEmpty, Seeded
    from runtime.preparing import installation, prepare
    from runtime.welcome import seed_once

    async def body(settings: "Settings", server: "Server") -> Seeded:
        async with installation(settings, server, SystemClock()) as app:
            await prepare(app, tell)
            return await seed_once(app, tell, number=number, orders=orders)

    try:
        seeded = with_server(body, tell)
    except NotEmpty as fault:
        tell(f"zhengtong: {fault.message}")
        raise typer.Exit(ExitCode.FOUND_WANTING) from None
    made = f"Made {seeded.orders} work orders by {seeded.actions} actions."
    answer(asdict(seeded), as_json=as_json, text=lambda: made if seeded.fresh else "The demo city is there already.")


@app.command()
def migrate(as_json: AsJson = False) -> None:
    """Bring the database to this release: collections, indexes and stored data. Safe to repeat and to break off."""
    from foundation.clock import SystemClock
    from runtime.preparing import installation, prepare

    async def body(settings: "Settings", server: "Server") -> list[str]:
        async with installation(settings, server, SystemClock()) as app:
            return await prepare(app, tell)

    ran = with_server(body, tell)
    sentence = f"Done: {', '.join(ran)}." if ran else "Nothing to migrate: the database fits this release."
    answer({"migrated": ran}, as_json=as_json, text=lambda: sentence)


@app.command("renew-keys")
def renew_keys(as_json: AsJson = False) -> None:
    """After a rotation of keys, bring everything under the current ones. Safe to repeat and to break off."""
    from foundation.clock import SystemClock
    from runtime.preparing import installation
    from runtime.renewing import renew_keys as renew

    async def body(settings: "Settings", server: "Server") -> dict[str, int]:
        async with installation(settings, server, SystemClock()) as app:
            await app.open()
            return await renew(app)

    renewed = with_server(body, tell)
    answer(
        renewed, as_json=as_json, text=lambda: f"Renewed: {', '.join(f'{n} {kind}' for kind, n in renewed.items())}."
    )


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say which database runs here and try whether transactions, change streams and durability hold."""
    from runtime.collections import STORED
    from runtime.doctor import Diagnosis, describe, diagnose

    async def body(settings: "Settings", server: "Server") -> Diagnosis:
        return await diagnose(settings, server, STORED)

    diagnosis = with_server(body, tell)
    answer(diagnosis.as_json(), as_json=as_json, text=lambda: describe(diagnosis))
    if not diagnosis.healthy:
        raise typer.Exit(ExitCode.FOUND_WANTING)


InPack = Annotated[str, typer.Argument(metavar="PACK", help="A file, or the name of a shipped pack.")]


@rules.command("check")
def rules_check(file: InFile, as_json: AsJson = False) -> None:
    """Check a rule pack, and name every fault with its line."""
    from dataclasses import asdict

    from runtime.rules.checking import check
    from runtime.rules.describing import describe_check

    checked = check(file)
    answer(asdict(checked), as_json=as_json, text=lambda: describe_check(checked))
    if checked.faults:
        raise typer.Exit(ExitCode.FOUND_WANTING)


@rules.command("diff")
def rules_diff(one: InPack, other: InPack, as_json: AsJson = False) -> None:
    """Show the rows that two rule packs fill in differently."""
    from dataclasses import asdict

    from runtime.rules.checking import read_pack
    from runtime.rules.describing import describe_differences
    from workorders.deadlines.comparing import differences

    with fault_told():
        packs = read_pack(one), read_pack(other)
    found = differences(*packs)
    answer([asdict(each) for each in found], as_json=as_json, text=lambda: describe_differences(*packs, found))


@rules.command("publish")
def rules_publish(pack: InPack, as_json: AsJson = False) -> None:
    """Let intakes go by this rule pack from now on; an order keeps the one that it was taken in by."""
    from foundation.clock import SystemClock
    from runtime.preparing import installation, prepare
    from runtime.rules.checking import read_pack

    with fault_told():
        published = read_pack(pack)

    async def body(settings: "Settings", server: "Server") -> None:
        async with installation(settings, server, SystemClock()) as app:
            await prepare(app, tell)
            current = await app.library.current()
            await app.library.publish(published, current.calendar, current.calendars)

    with_server(body, tell)
    sentence = f"“{published.title}” ({published.id}) holds for what is taken in from now on."
    answer({"rules": published.id, "title": published.title}, as_json=as_json, text=lambda: sentence)


@rules.command("simulate")
def rules_simulate(
    pack: InPack,
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], metavar="DATE", help="First day.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], metavar="DATE", help="Last day.")],
    as_json: AsJson = False,
) -> None:
    """Say what deadlines, lights and on-time rates of the orders received on these days had been under a pack.

    Everybody acts as they did and when they did; only the deadlines are set anew. Nothing is written.
    """
    from zoneinfo import ZoneInfo

    from foundation.clock import SystemClock
    from runtime.preparing import installation
    from runtime.rules.checking import read_pack
    from runtime.rules.describing import describe_report
    from runtime.rules.simulating import Report, progress_bar, simulate_stored

    async def body(settings: "Settings", server: "Server") -> tuple[Report, str]:
        async with installation(settings, server, SystemClock()) as app:
            await app.open()
            with progress_bar() as progress:
                days = first.date(), last.date()
                report = await simulate_stored(app, supposed, *days, app.clock.now(), progress)
        return report, describe_report(report, ZoneInfo(settings.zone))

    with fault_told():
        supposed = read_pack(pack)
        report, text = with_server(body, tell)
    answer(report.as_json(), as_json=as_json, text=lambda: text)


@rules.command("measure")
def rules_measure(
    file: InFile,
    packs: Annotated[
        list[str] | None, typer.Argument(metavar="[PACK]...", help="All shipped, if none is named.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how many replies of a CSV of messages and replies had been on time under each rule pack.

    The columns are those of `zhengtong replay`. A reply's clock starts with its message, of kind 求助.
    """
    from zoneinfo import ZoneInfo

    from foundation.settings import read_settings
    from runtime.rules.describing import describe_measured
    from runtime.rules.measuring import measure_file
    from workorders.deadlines.packs import shipped_names

    with fault_told():
        zone = ZoneInfo(read_settings().zone)
        measured, refused = measure_file(file.read_bytes(), packs or shipped_names(), zone)
    content = {"packs": [each.as_json() for each in measured], "refused": refused}
    answer(content, as_json=as_json, text=lambda: describe_measured(measured, refused))


@app.command()
def verify(
    database: Annotated[
        str | None, typer.Option(help="Another database of the same server, for instance a replay's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Walk every order's chain of events and every daily checkpoint, and name each broken, missing or cut-off link."""
    from foundation.keys import read_keys
    from runtime.verifying import NamedFault, Walk, walk

    def found(fault: NamedFault) -> None:
        if not as_json:
            typer.echo(str(fault))

    async def body(settings: "Settings", server: "Server") -> Walk:
        return await walk(server.uri, database or settings.database, read_keys(settings), found)

    result = with_server(body, tell)
    answer(result.as_json(), as_json=as_json, text=result.summary)
    if result.faults:
        raise typer.Exit(ExitCode.FOUND_WANTING)


@app.command()
def replay(
    file: InFile,
    database: Annotated[
        str | None, typer.Option(help="The replay's own database; named by the file's content when left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send a CSV of real messages and replies through the whole life cycle, each at its own time, and count.

    The columns are 留言编号, 留言用户, 留言主题, 留言时间, 留言详情, 答复意见 and 答复时间; others are passed over.
    Broken off, by Ctrl-C or by force, the same command goes on where it stopped.
    """
    from runtime.replay import command
    from runtime.replay.figures import Report

    async def body(settings: "Settings", server: "Server") -> tuple[str, Report]:
        return await command.replay(settings, server, file.read_bytes(), database)

    try:
        name, report = with_server(body, tell)
    except KeyboardInterrupt:
        tell("Broken off; the same command goes on where this one stopped.")
        raise
    answer({"database": name, **report.as_json()}, as_json=as_json, text=lambda: command.describe(name, report))


@app.command("import")
def import_(
    file: InFile,
    mapping: Annotated[
        str, typer.Option(metavar="MAPPING", help="A TOML file, or the name of a shipped one: boston311.")
    ],
    as_json: AsJson = False,
) -> None:
    """Import orders from any export of a 311 or a hotline: CSV, Excel or parquet, by a mapping of its columns.

    Broken off, by Ctrl-C or by force, the same command goes on where it stopped; a row is never imported twice.
    """
    from foundation.errors import DomainError
    from runtime.importing import command
    from runtime.importing.command import Imported

    async def body(settings: "Settings", server: "Server") -> Imported:
        return await command.import_file(settings, server, file, mapping)

    try:
        imported = with_server(body, tell)
    except DomainError as fault:
        tell(f"zhengtong: {fault.code}：{fault.message}")
        raise typer.Exit(ExitCode.FOUND_WANTING) from None
    except KeyboardInterrupt:
        tell("Broken off; the same command goes on where this one stopped.")
        raise
    answer(imported.as_json(), as_json=as_json, text=lambda: command.describe(imported))


@app.command("export-schema")
def export_schema(
    file: Annotated[Path | None, typer.Argument(help="Where to; api/schema.graphql when it is left out.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if the file is out of date.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the GraphQL schema to its file, and name each change that would break an existing client."""
    from dataclasses import asdict

    from runtime.schema import FILE, compare, export

    file = file or FILE
    changes = compare(file) if check else export(file)
    state = "is up to date" if not changes.diff else "is not up to date: `make schema`" if check else "is written"
    told = [*changes.diff, *(f"BREAKING: {each}" for each in changes.breaking), f"{file.name} {state}."]
    answer(asdict(changes), as_json=as_json, text=lambda: "\n".join(told))
    if check and changes.diff:
        raise typer.Exit(ExitCode.FOUND_WANTING)


def main() -> None:
    """The console script: an operator's fault is one sentence and an exit code, never a stack trace.

    Standard output is the answer's; only warnings are logged, on standard error.
    """
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    try:
        app()
    except OperatorFault as fault:
        sys.stderr.write(f"zhengtong: {fault}\n")
        sys.exit(fault.exit_code)
    except KeyboardInterrupt:
        sys.exit(ExitCode.DONE)


if __name__ == "__main__":
    main()
