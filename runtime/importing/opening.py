"""Opening a file by its suffix, if its content is that too."""

from pathlib import Path
from typing import Final

from runtime.importing.columnar import open_parquet
from runtime.importing.delimited import open_csv
from runtime.importing.mapping import Mapping
from runtime.importing.sheets import open_workbook
from runtime.importing.tables import EmptyFile, OtherFormat, Table

PARQUET: Final = b"PAR1"
ZIP: Final = b"PK\x03\x04"
OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"
"""Excel up to 2003, and whatever is protected by a password."""


def open_table(file: Path, mapping: Mapping) -> Table:
    """Raises `FileRefused` for what cannot be read, or is not what its suffix says; OSError."""
    with file.open("rb") as opened:
        start = opened.read(4)
    if not start:
        raise EmptyFile(f"{file.name}：文件是空的（0 字节）。")
    match file.suffix.lower():
        case ".csv" | ".tsv" | ".txt":
            if start in (PARQUET, ZIP, OLD_OFFICE):
                raise OtherFormat(f"{file.name}：内容不是 CSV 文本，后缀名与内容不符。")
            return open_csv(file, mapping)
        case ".xlsx" | ".xlsm":
            if start == OLD_OFFICE:
                raise OtherFormat(f"{file.name}：是旧版或加密的 Excel 文件，请取消密码后另存为 .xlsx。")
            if start != ZIP:
                raise OtherFormat(f"{file.name}：内容不是 Excel 工作簿，后缀名与内容不符。")
            return open_workbook(file, mapping)
        case ".parquet":
            if start != PARQUET:
                raise OtherFormat(f"{file.name}：内容不是 parquet，后缀名与内容不符。")
            return open_parquet(file, mapping)
        case ".xls":
            raise OtherFormat(f"{file.name}：不读旧版 .xls，请另存为 .xlsx 或 .csv。")
        case _:
            raise OtherFormat(f"{file.name}：只读 .csv、.xlsx 和 .parquet 文件。")
