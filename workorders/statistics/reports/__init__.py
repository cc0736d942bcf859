"""Reports 报告 of a month, a quarter, half a year or a year: as Word, Excel and PDF, of the same content.

| file | holds |
|---|---|
| `periods`, `content` | what a report is of, and what it is made of: tables, charts and sentences (pure) |
| `facts`, `writing`, `sections` | what was counted, and the content that is written from it (pure) |
| `gathering` | reading what a report tells, on one snapshot |
| `rendering/` | one content as three files |
| `documents`, `access`, `jobs`, `reading` | reports as jobs: asked for, worked through, issued, read |
"""
