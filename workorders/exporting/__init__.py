"""Exports 导出 of order lists as CSV and Excel: complete, masked for whoever asks, row by row.

An export reads the list that its reader sees anyway, a page at a time, by a key that nothing moves: when an order was
received, or assigned. What happens meanwhile neither repeats nor loses a row. Each export is on the audit trail, with
what it was narrowed to before it begins, and how many rows it gave when it ended.

| file | holds |
|---|---|
| `selecting` | what is exported, and for whom (pure) |
| `columns` | the columns 导出列 and what stands in them (pure) |
| `reading` | the pages of an export |
| `writing` | CSV and Excel; cells that can run nothing |
| `exporting` | beginning and ending one: limits, the bound, the audit trail |
| `links` | links 导出链接 for browsers, each good once |
"""
