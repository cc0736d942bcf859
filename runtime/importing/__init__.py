"""Importing 导入: any export of a 311 or a hotline becomes orders with a history, by a mapping of its columns.

mapping.py    what each column means, as TOML
tables.py     a file's records, one after the other, never all at once
    opening.py    by its suffix, if its content is that too:
    delimited.py, sheets.py, columnar.py    CSV, Excel, parquet
moments.py    times as exports write them
rows.py       a record becomes a matter, or is refused with a reason
city.py       the units, categories, places and channels that the rows name
history.py    what happened to a matter, as events
report.py     what is counted on the way
documents.py  what is kept beside the orders
writing.py    orders by the hundred, each batch in one transaction with how far it came
    command.py    `zhengtong import`

An imported order is like any other: folding its events gives it. What the file does not tell is marked as unknown
(`workorders/deadlines/values.py`: `UNJUDGED`) and never counted as kept or missed.
"""
