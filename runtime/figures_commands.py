"""`zhengtong figures`: figures of any days, their check against the events, and making them anew."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from foundation.faults import ExitCode
from identity.actors import system_actor
from runtime.terminal import AsJson, answer, fault_told, tell, with_server

if TYPE_CHECKING:
    from foundation.settings import Settings
    from identity.directory import Snapshot
    from runtime.composition import App
    from runtime.server import Server
    from workorders.statistics.checking import Checked
    from workorders.statistics.comparing import Compared

T = TypeVar("T")
TERMINAL = system_actor("terminal")
figures = typer.Typer(help="Figures 统计: of any days, checked against the events, made anew.", add_completion=False)

InDatabase = Annotated[str | None, typer.Option("--database", help="Another database of the same server.")]


@figures.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], metavar="DATE", help="First day.")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], metavar="DATE", help="Last day.")
    ] = None,
    by: Annotated[
        str, typer.Option(help="Told apart by: unit, category, place, channel, kind, source; all together as all.")
    ] = "all",
    within: Annotated[str | None, typer.Option(help="Only this value of them, with what lies below it.")] = None,
    database: InDatabase = None,
    as_json: AsJson = False,
) -> None:
    """Print the figures of these local days, with those of the days before 环比 and of the year before 同比."""
    if context.invoked_subcommand is not None:
        return
    if first is None or last is None:
        tell("zhengtong: name the days: --from 2026-03-01 --to 2026-03-31")
        raise typer.Exit(ExitCode.FOUND_WANTING)
    days = first.date(), last.date()

    async def body(app: "App") -> tuple["Compared", "Snapshot"]:
        return await _asked(app, days, by, within), await app.identity.directory.snapshot()

    with fault_told():
        found, city = run_on(body, database)
        content = _as_json(found, city)
    answer(content, as_json=as_json, text=lambda: _as_text(content))


@figures.command("check")
def check(database: InDatabase = None, as_json: AsJson = False) -> None:
    """Count everything again from the events, compare it with what is kept, and name each difference."""
    from dataclasses import asdict

    from workorders.statistics import checking

    def found(difference: checking.Difference) -> None:
        if not as_json:
            typer.echo(str(difference))

    async def body(app: "App") -> "Checked":
        return await checking.check(app.database, app.figures.zone, app.projector, app.clock, found)

    checked = run_on(body, database)
    summary = f"{checked.orders} orders and {checked.counts} counts recounted; {len(checked.differences)} differences."
    answer(asdict(checked), as_json=as_json, text=lambda: summary)
    if checked.differences:
        raise typer.Exit(ExitCode.FOUND_WANTING)


@figures.command("rebuild")
def rebuild(database: InDatabase = None, as_json: AsJson = False) -> None:
    """Make the figures anew from the events, while everything runs. Broken off, those of before stay."""
    from workorders.statistics import rebuilding

    async def body(app: "App") -> int:
        return await rebuilding.rebuild(app.database, app.figures.zone, app.projector, app.clock)

    orders = run_on(body, database)
    answer({"orders": orders}, as_json=as_json, text=lambda: f"The figures of {orders} orders are made anew.")


async def _asked(app: "App", days: tuple[date, date], by: str, within: str | None) -> "Compared":
    from foundation.errors import InvalidInput
    from workorders.statistics.comparing import compared
    from workorders.statistics.reading import Question
    from workorders.statistics.tallying import Dimension
    from workorders.statistics.windows import window_of

    if by not in set(Dimension):
        raise InvalidInput.field("by", f"统计维度须为 {'、'.join(Dimension)} 之一。")
    question = Question(window_of(*days), Dimension(by), within)
    return await compared(app.figures, TERMINAL, question, app.clock.now())


def run_on(body: "Callable[[App], Awaitable[T]]", database: str | None) -> T:
    from foundation.changes import StaleWrite
    from foundation.clock import SystemClock
    from runtime.preparing import installation, prepare
    from workorders.statistics.recounting import BrokenLog

    async def opened(settings: "Settings", server: "Server") -> T:
        named = settings.model_copy(update={"database": database or settings.database})
        async with installation(named, server, SystemClock()) as app:
            await prepare(app, tell)
            return await body(app)

    try:
        return with_server(opened, tell)
    except StaleWrite:
        tell("zhengtong: another process took over the projector meanwhile; run the command again.")
    except BrokenLog as fault:
        tell(f"zhengtong: the event log is broken, run `zhengtong verify`: {fault}")
    raise typer.Exit(ExitCode.FOUND_WANTING)


def _as_json(found: "Compared", city: "Snapshot") -> dict[str, Any]:
    from dataclasses import asdict

    from workorders.statistics.naming import name_of

    table = found.table
    period = table.periods[0]
    rows = [
        {
            "value": row.value,
            "name": name_of(city, table.by, row.value),
            "figures": _figures(found, row.value),
            "handling": asdict(row.handling),
        }
        for row in period.rows
    ]
    return {
        "from": period.window.first,
        "to": period.window.last,
        "by": table.by,
        "asOf": table.as_of,
        "rules": table.rules,
        "total": _figures(found, None),
        "handling": asdict(period.total.handling),
        "rows": rows,
    }


def _figures(found: "Compared", value: str | None) -> dict[str, Any]:
    """Every figure of a value, or of all."""
    from workorders.statistics.definitions import DEFINITIONS

    row = found.table.periods[0].total if value is None else found.table.periods[0].row(value)
    told = {}
    for figure, now in row.figures.items():
        on_previous, on_year = (found.on(each, value, figure) for each in (found.previous, found.year_before))
        told[figure.value] = {
            "name": DEFINITIONS[figure].name,
            "isCount": now.is_count,
            "numerator": now.numerator,
            "denominator": now.denominator,
            "rate": now.rate,
            "leftOut": dict(now.left_out),
            "onPrevious": on_previous.change,
            "onYearBefore": on_year.change,
        }
    return told


def _as_text(content: dict[str, Any]) -> str:
    lines = [f"{content['from']} – {content['to']}, as of {content['asOf']:%Y-%m-%d %H:%M:%S} UTC"]
    for name, told in [("全部", content["total"]), *((row["name"], row["figures"]) for row in content["rows"])]:
        lines += ["", name]
        for each in told.values():
            share = "" if each["rate"] is None else f"  {each['rate']:.1%}"
            count = each["denominator"] if each["isCount"] else f"{each['numerator']} / {each['denominator']}"
            lines.append(f"  {each['name']}  {count}{share}")
    return "\n".join(lines)
