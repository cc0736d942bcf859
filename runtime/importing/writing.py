"""Orders by the hundred: each batch is one transaction, together with how far the import came.

Killed at any point, the same command goes on after the last batch that was written whole: nothing is doubled, nothing
is missing. While one batch is being written the next one is made.
"""

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from pymongo.asynchronous.client_session import AsyncClientSession

from foundation.changes import AlreadyClaimed, Change
from foundation.errors import Conflict
from foundation.ids import new_id
from runtime.composition import App
from runtime.importing.city import City
from runtime.importing.documents import Finding, ImportedRow, ImportMark, Told, finding_id
from runtime.importing.history import Placed, history
from runtime.importing.mapping import MappingFile
from runtime.importing.rows import Matter, Reader, Refused
from runtime.importing.tables import FileRefused, Record, Table
from workorders.lifecycle.documents import UpstreamClaim
from workorders.lifecycle.intake import upstream_key
from workorders.lifecycle.past import Documents, add_past_order
from workorders.lifecycle.terms import Terms
from workorders.lifecycle.values import Order

TOGETHER: Final = 400
"""Records of one transaction: some 5,000 documents, far within the seconds that one may last."""
BREATH: Final = 20
"""After how many orders the batch before is looked after."""

Progress = Callable[[int], None]
"""Told how many records are done."""


class OtherImporter(Conflict):
    code = "IMPORT_RUNS_ALREADY"
    text = "另一个进程正在导入这个文件，或同一来源的文件；等它结束后再运行，会从停下的地方继续。"


@dataclass(slots=True)
class _Batch:
    mark: ImportMark
    documents: Documents = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    """The numbers that it claims, each with its line."""
    above: set[str] = field(default_factory=set)
    """The numbers of platforms above that it claims."""


async def import_table(
    app: App, table: Table, mapped: MappingFile, progress: Progress = lambda done: None
) -> ImportMark:
    """Import what is left of the file; answers the finished mark.

    Raises `DataFileInvalid` if a column is missing, `FileRefused` where the file breaks off, `OtherImporter`, and
    `Busy`. What was imported until then stays, and is gone on from.
    """
    mapped.require(table.heading)
    mark = await _begin(app, table, mapped)
    progress(mark.done)
    if mark.finished:
        return mark
    with _seldom_collected():
        city = await City.of(app, mapped.mapping)
        return await _Import(app, mapped, mark, city, progress).run(table)


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Python looks for circles among its objects by how many are made; we make many, none in circles: it would be a
    third of the work."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


async def _begin(app: App, table: Table, mapped: MappingFile) -> ImportMark:
    id = f"{table.digest[:32]}.{mapped.mapping.digest[:16]}"
    mark = await app.database.get(ImportMark, id)
    if mark is None:
        if mapped.mapping.columns.id is None:
            await _require_only(app, table, mapped.mapping.source)
        mark = ImportMark(_id=id, file=table.name, source=mapped.mapping.source, as_of=app.clock.now())
        try:
            await app.database.save(Change().insert(mark))
        except AlreadyClaimed:
            raise OtherImporter from None
    return mark


async def _require_only(app: App, table: Table, source: str) -> None:
    """Without numbers, rows that another file of the source brought cannot be told from new ones. Raises
    `FileRefused`."""
    other = await app.database.collection(ImportMark).find_one({"source": source})
    if other is not None:
        raise FileRefused(
            f"{table.name}：来源 {source} 已导入过 {other['file']}（内容或映射不同），映射没有编号列 columns.id，"
            "无法辨认重复的行。请给出编号列，或为这个文件另起一个 source。"
        )


class _Import:
    def __init__(self, app: App, mapped: MappingFile, mark: ImportMark, city: City, progress: Progress) -> None:
        self._app, self._mapping, self._mark = app, mapped.mapping, mark
        self._city, self._progress = city, progress
        self._reader = Reader(mapped.mapping, mark.as_of)

    async def run(self, table: Table) -> ImportMark:
        records = islice(table.records, self._mark.done, None)
        saving: asyncio.Task[None] | None = None
        latest = _Batch(self._mark)
        try:
            while True:
                batch = await self._batch(records, latest)
                if saving is not None:
                    await saving
                    self._progress(latest.mark.done)
                if batch.mark.finished:
                    await self._save(batch, latest.mark.done)
                    return batch.mark
                saving = asyncio.create_task(self._save(batch, latest.mark.done))
                latest = batch
        finally:
            if saving is not None:
                await asyncio.gather(saving, return_exceptions=True)

    async def _batch(self, records: Iterator[Record], before: _Batch) -> _Batch:
        """The next records as one change, and how far they bring the import; none left, and it is finished."""
        taken = list(islice(records, TOGETHER))
        mark = before.mark.changed(
            done=before.mark.done + len(taken),
            finished=not taken,
            counts=before.mark.counts.model_copy(deep=True),
        )
        mark.counts.rows += len(taken)
        batch = _Batch(mark)
        wanted: list[tuple[Matter, Placed]] = []
        for record in taken:
            matter = None
            try:
                matter = self._reader.read(record)
                wanted.append((matter, await self._city.place(matter)))
            except Refused as refused:
                self._refuse(batch, record.line, matter.id if matter else None, str(refused))
        new = await self._new(wanted, batch, before)
        terms = await self._app.library.current()
        numbers = await self._app.office.numbers.draw_many(terms.local_date(m.opened) for m, _ in new)
        for n, ((matter, placed), number) in enumerate(zip(new, numbers, strict=True), 1):
            self._write(batch, matter, placed, number, terms)
            if n % BREATH == 0:
                await asyncio.sleep(0)
        return batch

    async def _new(
        self, wanted: list[tuple[Matter, Placed]], batch: _Batch, before: _Batch
    ) -> list[tuple[Matter, Placed]]:
        """Those that are not imported yet."""
        ids = [self._key(matter.id) for matter, _ in wanted if matter.id is not None]
        known = await self._app.database.get_many(ImportedRow, ids)
        handed_down = [upstream_key(matter.upstream) for matter, _ in wanted if matter.upstream is not None]
        claimed = before.above.union(await self._app.database.get_many(UpstreamClaim, handed_down))
        new = []
        for matter, placed in wanted:
            key, upstream = self._key(matter.id) if matter.id is not None else None, matter.upstream
            earlier = known.get(key) if key is not None else None
            line = batch.rows.get(key) or before.rows.get(key) if key is not None else None
            if earlier is not None and earlier.by == batch.mark.id:
                line = earlier.line
            if line is not None:
                self._refuse(batch, matter.line, matter.id, f"编号 {matter.id} 已在第 {line} 行出现。")
            elif earlier is not None:
                batch.mark.counts.already += 1
            elif upstream is not None and upstream_key(upstream) in claimed:
                self._refuse(batch, matter.line, matter.id, f"上级编号 {upstream.number} 已有工单。")
            else:
                if key is not None:
                    batch.rows[key] = matter.line
                if upstream is not None:
                    batch.above.add(upstream_key(upstream))
                    claimed.add(upstream_key(upstream))
                new.append((matter, placed))
        return new

    def _write(self, batch: _Batch, matter: Matter, placed: Placed, number: str, terms: Terms) -> None:
        as_of, documents, id = batch.mark.as_of, batch.documents, new_id()
        events = history(matter, placed, id, number, terms, as_of)
        order = add_past_order(documents, events, self._app.office.keyring, terms.rules, as_of).order
        if matter.id is not None:
            claim = {"_id": self._key(matter.id), "v": 1, "order": id, "by": batch.mark.id, "line": matter.line}
            documents.setdefault(ImportedRow, []).append(claim)
        self._count(batch, matter, order)

    def _count(self, batch: _Batch, matter: Matter, order: Order) -> None:
        unit = self._city.name_of(order.assignments[0].unit) if order.assignments else ""
        ours = batch.mark.counts.add(matter, order, unit, batch.mark.as_of)
        if matter.skewed:
            self._tell(batch, Told.SKEWED, matter.line, matter.id, "办结时间早于受理时间，按受理时间计。")
        if ours is not None and ours is not matter.on_time:
            words = ("超期", "按时")
            self._tell(
                batch,
                Told.DIFFERS,
                matter.line,
                matter.id,
                f"文件的结论是{words[bool(matter.on_time)]}，按文件的期限是{words[ours]}。",
            )

    def _refuse(self, batch: _Batch, line: int, id: str | None, reason: str) -> None:
        batch.mark.counts.refused += 1
        self._tell(batch, Told.REFUSED, line, id, reason)

    def _tell(self, batch: _Batch, told: Told, line: int, id: str | None, reason: str) -> None:
        finding = Finding(_id=finding_id(batch.mark.id, line, told), told=told, line=line, id_in_file=id, reason=reason)
        batch.documents.setdefault(Finding, []).append(finding.stored())

    def _key(self, id: str) -> str:
        return f"{self._mapping.source}|{id}"

    async def _save(self, batch: _Batch, done_before: int) -> None:
        database = self._app.database
        marked = batch.mark.stored()

        async def body(session: AsyncClientSession) -> None:
            where = {"_id": batch.mark.id, "done": done_before, "finished": False}
            if not (await database.collection(ImportMark).replace_one(where, marked, session=session)).matched_count:
                raise OtherImporter
            await database.insert_many(batch.documents, session)

        try:
            await database.transact(body)
        except AlreadyClaimed:
            raise OtherImporter from None
