"""How exports over HTTP end: well, broken off, refused, or by a link that is used up; and what is written of it."""

import asyncio
import tempfile
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo.errors import ConnectionFailure

from api.http import exports as http
from foundation.changes import Change
from foundation.paging import cursor_of
from identity.documents import AuditEntry, Staff
from tests.api.exported import (
    get,
    leftovers,
    link,
    rows_of,
    town,
    trail,
)
from tests.api.serving import MONDAY, Api, Json
from workorders.exporting import exporting, writing
from workorders.exporting.documents import ExportLink
from workorders.lifecycle.repository import OrderRepository

__all__ = ["town"]


async def test_each_export_is_on_the_audit_trail_with_what_it_was_and_how_many_rows(api: Api) -> None:
    await api.app.database.collection(AuditEntry).delete_many({})
    linked = await link(api, "chief", format="XLSX", filter={"phone": "13800138000", "statuses": ["RECEIVED"]})
    rows = rows_of(await api.http.get(linked["url"]))
    begun, ended = await trail(api)
    assert (begun.actor, begun.actor_label, ended.actor) == ("staff:chief", "chief", "staff:chief")
    assert begun.details == {"format": "xlsx", "statuses": ["received"], "by": "phone"}
    assert ended.details == {"rows": len(rows), "complete": True}
    assert "138" not in str(begun)
    page = await api.data(
        "supervisor",
        """query($id: ID!) { auditTrail(subject: $id) {
            ... on AuditEntryConnection { edges { node { action details } } } } }""",
        id=begun.subject,
    )
    assert {edge["node"]["action"] for edge in page["edges"]} == {"orders_export_begun", "orders_exported"}


@pytest.mark.parametrize("format", ["csv", "xlsx"])
async def test_what_breaks_off_is_seen_to_be_incomplete(api: Api, format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    search, calls = OrderRepository.search, list[int]()

    async def breaking(self: OrderRepository, *given: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise ConnectionFailure("the database is gone")
        return await search(self, *given)

    monkeypatch.setattr(OrderRepository, "search", breaking)
    await api.app.database.collection(AuditEntry).delete_many({})
    if format == "csv":
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            await get(api, "dispatcher", format)
    else:
        answer = await get(api, "dispatcher", format)
        assert answer.status_code == 503
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    _, ended = await trail(api)
    assert ended.details == {"rows": 14, "complete": False}
    assert leftovers() == []


async def test_a_list_that_is_too_long_is_refused_beforehand_where_the_figures_know_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    for consumer in api.app.consumers:
        while await consumer.sweep(api.clock.now()):
            pass
    monkeypatch.setattr(exporting, "MOST_ROWS", 10)
    span = {"receivedStart": "2026-11-15T16:00:00Z", "receivedEnd": "2026-11-16T16:00:00Z"}
    await api.app.database.collection(AuditEntry).delete_many({})
    for where in (span, {**span, "category": "category:leak"}, {**span, "place": "place:town"}, {}):
        for format in ("csv", "xlsx"):
            if not where and format == "csv":
                continue
            answer = await get(api, "dispatcher", format, **where)
            assert answer.status_code == 413, answer.text
            (error,) = answer.json()["errors"]
            assert error["extensions"]["code"] == "EXPORT_TOO_LARGE"
            assert "缩小范围" in error["message"]
            assert error["extensions"]["requestId"] == answer.headers["x-request-id"]
    # Nobody knew: what was given by then is no whole file.
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
        await get(api, "dispatcher", status=["RECEIVED", "DISPATCHED"], **span)
    assert (await trail(api))[1].details == {"rows": 7, "complete": False}
    assert (await get(api, "dispatcher", status="CLOSED")).status_code == 200


@pytest.mark.parametrize("format", ["csv", "xlsx"])
async def test_whoever_goes_away_ends_the_reading(api: Api, format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    search, calls, reached = OrderRepository.search, list[int](), asyncio.Event()

    async def slowly(self: OrderRepository, *given: Any) -> Any:
        calls.append(1)
        if len(calls) > 2:
            reached.set()
            await asyncio.sleep(0.2)
        return await search(self, *given)

    monkeypatch.setattr(OrderRepository, "search", slowly)
    await api.app.database.collection(AuditEntry).delete_many({})
    reader, writer = await asyncio.open_connection(*api.address.split(":"))
    head = f"GET /exports/orders.{format} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {api.tokens['reviewer']}\r\n\r\n"
    writer.write(head.encode())
    if format == "csv":
        assert b"200" in await reader.readline(), "the beginning comes at once"
    await reached.wait()
    writer.close()
    await writer.wait_closed()
    async with asyncio.timeout(10):
        while len(await trail(api)) < 2:  # noqa: ASYNC110 - the server writes it
            await asyncio.sleep(0.05)
    assert len(calls) == 3
    assert (await trail(api))[1].details == {"rows": 14, "complete": False}
    assert leftovers() == []
    assert rows_of(await get(api, "reviewer")), "and another may begin"


async def test_whoever_takes_nothing_is_taken_for_gone(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading goes no further than what the client takes, and not on for ever."""
    monkeypatch.setattr(http, "STALLED_SECONDS", 0.5)
    monkeypatch.setattr(http, "csv_rows", lambda rows: b"x" * 4_000_000)
    search, calls = OrderRepository.search, list[int]()

    async def counting(self: OrderRepository, *given: Any) -> Any:
        calls.append(1)
        return await search(self, *given)

    monkeypatch.setattr(OrderRepository, "search", counting)
    _, writer = await asyncio.open_connection(*api.address.split(":"), limit=1)
    head = f"GET /exports/orders.csv HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {api.tokens['caller']}\r\n\r\n"
    await api.app.database.collection(AuditEntry).delete_many({})
    writer.write(head.encode())
    async with asyncio.timeout(10):
        while len(await trail(api)) < 2:  # noqa: ASYNC110 - the server writes it
            await asyncio.sleep(0.05)
    assert (await trail(api))[1].details["complete"] is False
    assert len(calls) < 6
    writer.close()


async def test_one_export_at_a_time_for_each_and_so_many_for_a_process(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    search, going = OrderRepository.search, asyncio.Event()

    async def waiting(self: OrderRepository, *given: Any) -> Any:
        await going.wait()
        return await search(self, *given)

    monkeypatch.setattr(exporting, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(OrderRepository, "search", waiting)
    first = [asyncio.create_task(get(api, who)) for who in ("operator", "leader")]
    await asyncio.sleep(0.3)
    again, third = await get(api, "leader"), await get(api, "chief")
    assert (again.status_code, again.json()["errors"][0]["extensions"]["code"]) == (429, "EXPORT_UNDER_WAY")
    assert (third.status_code, third.json()["errors"][0]["extensions"]["code"]) == (503, "EXPORTS_BUSY")
    going.set()
    assert {(await each).status_code for each in first} == {200}
    monkeypatch.undo()
    for n in range(exporting.PER_PERSON.most):
        assert (await get(api, "supervisor", status="WITHDRAWN")).status_code == 200, n
    assert (await get(api, "supervisor", status="WITHDRAWN")).status_code == 429


def test_files_of_a_process_that_was_killed_are_removed_and_others_stay() -> None:
    folders = [Path(tempfile.mkdtemp(prefix=f"{writing.FOLDER}{process}-")) for process in (4_194_303, 1, "x")]
    living = writing.Sheet()
    writing.remove_abandoned()
    assert [folder.exists() for folder in folders] == [False, True, True]
    assert living.path.parent.exists()
    living.close()
    assert not living.path.parent.exists()
    for folder in folders[1:]:
        folder.rmdir()


async def test_an_export_that_could_not_write_down_its_beginning_gives_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = type(api.app.database).save

    async def unwritable(self: Any, change: Change) -> None:
        if any(write.model is AuditEntry for write in change.others):
            raise ConnectionFailure("gone")
        await save(self, change)

    monkeypatch.setattr(type(api.app.database), "save", unwritable)
    assert (await get(api, "dispatcher")).status_code == 503


REFUSED: list[tuple[str | None, Json, int, str]] = [
    (None, {}, 401, "UNAUTHENTICATED"),
    ("zhang", {}, 403, "NOT_ALLOWED"),
    ("admin", {}, 403, "NOT_ALLOWED"),
    ("water", {"unit": "unit:heating"}, 403, "NOT_ALLOWED"),
    ("east", {"unit": "unit:water"}, 403, "NOT_ALLOWED"),
    ("chief", {"phone": "13800138000"}, 400, "MALFORMED"),
    ("chief", {"after": cursor_of("2026-11-16T01:00:00.000Z~x")}, 400, "MALFORMED"),
    ("chief", {"unit": ["unit:water", "unit:heating"]}, 400, "MALFORMED"),
    ("chief", {"status": "received"}, 422, "INVALID_INPUT"),
    ("chief", {"light": "BLUE"}, 422, "INVALID_INPUT"),
    ("chief", {"unit": "water"}, 422, "INVALID_INPUT"),
    ("chief", {"task": "SIGN"}, 422, "INVALID_INPUT"),
    ("chief", {"receivedStart": "2026-11-16"}, 422, "INVALID_INPUT"),
    ("chief", {"receivedStart": "2026-11-16T00:00:00Z", "receivedEnd": "2026-11-15T00:00:00Z"}, 422, "INVALID_INPUT"),
    ("chief", {"receivedStart": "2020-01-01T00:00:00Z"}, 422, "INVALID_INPUT"),
    ("chief", {"link": "x" * 32}, 404, "EXPORT_LINK_OVER"),
]


@pytest.mark.parametrize(("who", "where", "status", "code"), REFUSED)
async def test_what_cannot_be_exported_is_told_as_everywhere(
    api: Api, who: str | None, where: Json, status: int, code: str
) -> None:
    for format in ("csv", "xlsx"):
        answer = await get(api, who, format, **where)
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["extensions"]["code"]) == (status, code)
        assert error["message"].endswith("。")


async def test_only_whole_requests_of_this_century_are_answered(api: Api) -> None:
    for method in ("HEAD", "POST"):
        answer = await api.http.request(method, "/exports/orders.csv", headers=api.headers("chief"))
        assert answer.status_code == 405
    assert (await api.http.get("/exports/orders.pdf", headers=api.headers("chief"))).status_code == 404
    for format, status in (("csv", b"505"), ("xlsx", b"200")):
        reader, writer = await asyncio.open_connection(*api.address.split(":"))
        head = f"GET /exports/orders.{format} HTTP/1.0\r\nauthorization: Bearer {api.tokens['chief']}\r\n\r\n"
        writer.write(head.encode())
        assert status in await reader.readline()
        await reader.read()
        writer.close()


async def test_a_link_is_good_once_for_who_asked_and_as_they_are_then(api: Api) -> None:
    given = await link(api, "leader", format="CSV")
    assert given["ends"] == (api.clock.now() + timedelta(minutes=2)).astimezone(UTC).isoformat()
    assert (await api.http.get(given["url"].replace(".csv", ".xlsx"))).status_code == 404
    assert (await api.http.head(given["url"])).status_code == 405
    answer = await api.http.get(given["url"])
    assert rows_of(answer) == rows_of(await get(api, "leader"))
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E5%B7%A5%E5%8D%95_2026")
    assert answer.headers["cache-control"] == "private, no-store"
    assert (await api.http.get(given["url"])).status_code == 404
    rivals = await link(api, "leader", format="CSV", filter={"statuses": ["CLOSED"]})
    answers = await asyncio.gather(*(api.http.get(rivals["url"]) for _ in range(5)))
    assert sorted(each.status_code for each in answers) == [200, 404, 404, 404, 404]

    late = await link(api, "leader", format="CSV")
    api.clock.advance(timedelta(minutes=2))
    assert (await api.http.get(late["url"])).status_code == 404
    api.clock.set(MONDAY)

    moved = await link(api, "heating", format="CSV")
    staff = api.app.database.collection(Staff)
    await staff.update_one({"_id": "staff:heating"}, {"$set": {"roles": ["administrator"]}})
    assert (await api.http.get(moved["url"])).status_code == 403
    await staff.update_one({"_id": "staff:heating"}, {"$set": {"roles": ["unit_clerk"]}})

    gone = await link(api, "police", format="CSV")
    await api.data("police", "mutation { signOut { __typename } }")
    answer = await api.http.get(gone["url"])
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (401, "SESSION_ENDED")
    assert await api.app.database.collection(ExportLink).count_documents({"_id": {"$regex": "link"}}) == 0


async def test_a_link_is_refused_as_the_list_would_be(api: Api) -> None:
    refused = {
        "zhang": ({}, "NOT_ALLOWED"),
        "water": ({"unit": "unit:heating"}, "NOT_ALLOWED"),
        "leader": ({"phone": "13800138000"}, "NOT_ALLOWED"),
        "chief": ({"number": "261116000001"}, "INVALID_INPUT"),
    }
    for who, (filter, code) in refused.items():
        assert (await link(api, who, format="CSV", filter=filter))["code"] == code
