"""CSV, as it is: read line by line, in the encoding that its whole content has."""

import csv
from codecs import getincrementaldecoder, lookup
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from runtime.importing.mapping import Mapping
from runtime.importing.tables import CHUNK, FileRefused, OtherFormat, Record, Table, digest_of

ENCODINGS: Final = ("utf-8-sig", "gb18030")
"""What spreadsheets of the mainland export; the second reads GBK too."""
LONGEST_FIELD: Final = 1_000_000


def open_csv(file: Path, mapping: Mapping) -> Table:
    """Raises `FileRefused`."""
    encoding = _encoding(file, mapping.encoding)
    csv.field_size_limit(LONGEST_FIELD)
    opened = file.open(encoding=encoding, newline="")
    try:
        reader = csv.reader(opened, delimiter=mapping.delimiter, strict=True)
        heading: list[str] = []
        for _ in range(mapping.heading_line):
            heading = [name.strip() for name in next(reader, [])]
        if not heading:
            raise FileRefused(f"{file.name}：第 {mapping.heading_line} 行没有表头。")
        return Table(file.name, digest_of(file), heading, _records(reader, heading), opened.close)
    except csv.Error as fault:
        opened.close()
        raise FileRefused(f"{file.name}：表头无法识别（{fault}）。") from None
    except BaseException:
        opened.close()
        raise


def _records(reader: Any, heading: list[str]) -> Iterator[Record]:
    """Each record; blank lines are passed over."""
    width = len(heading)
    while True:
        begins = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            yield Record(begins, {}, f"{_lines(begins, reader.line_num)}不是有效的 CSV，可能引号不成对（{fault}）。")
            continue
        if not record:
            continue
        if len(record) != width:  # a stray comma has moved everything behind it
            spans = _lines(begins, reader.line_num)
            yield Record(begins, {}, f"{spans}有 {len(record)} 列，表头有 {width} 列，可能缺少引号或多了分隔符。")
        else:
            yield Record(begins, dict(zip(heading, record, strict=True)))


def _lines(first: int, last: int) -> str:
    """A stray quote swallows whole lines: which."""
    return f"第 {first} 至 {last} 行" if last > first else ""


def _encoding(file: Path, named: str | None) -> str:
    """The first encoding that the whole file is in; the one that the mapping names, if it does."""
    try:
        tried = (lookup(named).name,) if named else ENCODINGS
    except LookupError:
        raise FileRefused(f"没有名为 {named!r} 的编码。") from None
    decoders = {name: getincrementaldecoder(name)() for name in tried}
    with file.open("rb") as opened:
        while True:
            chunk = opened.read(CHUNK)
            for name, decoder in list(decoders.items()):
                try:
                    binary = "\0" in decoder.decode(chunk, final=not chunk)
                except UnicodeError:
                    del decoders[name]
                else:
                    if binary:
                        raise OtherFormat(f"{file.name}：内容不是 CSV 文本（含有二进制数据），后缀名与内容不符。")
            if not decoders:
                raise OtherFormat(f"{file.name}：不是 {' 或 '.join(tried)} 编码的文本，请另存为 UTF-8。")
            if not chunk:
                return next(iter(decoders))
