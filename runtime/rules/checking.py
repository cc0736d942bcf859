"""A pack by its name or from a file, and every fault of a file."""

from dataclasses import dataclass
from pathlib import Path

from foundation.data_files import DataFileInvalid
from foundation.errors import InvalidInput
from workorders.deadlines.packs import RulePack, shipped_names, shipped_pack


class UnknownPack(InvalidInput):
    code = "UNKNOWN_RULE_PACK"
    text = "没有这个规则包。"


def read_pack(named: str) -> RulePack:
    """A shipped pack by its name, or a file's. Raises `UnknownPack`, `DataFileInvalid`."""
    if named in shipped_names():
        return shipped_pack(named)
    try:
        return RulePack.from_file(Path(named))
    except OSError:
        raise UnknownPack(
            f"{named} 既不是可读的文件，也不是随程序提供的规则包（{'、'.join(shipped_names())}）。"
        ) from None


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of a pack's file found."""

    file: str
    title: str | None
    id: str | None
    faults: tuple[str, ...]


def check(file: Path) -> Checked:
    """Check a pack's file; every fault with its line. Raises OSError."""
    try:
        pack = RulePack.from_file(file)
    except DataFileInvalid as invalid:
        return Checked(file.name, None, None, tuple(fault.message for fault in invalid.fields))
    return Checked(file.name, pack.title, pack.id, ())
