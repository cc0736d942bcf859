"""Figures 统计: what the city's hotline did, in numbers that can be traced to the single order.

Every figure is a part of what is counted over a whole, by local date, with what is left out and why; what each one is
says `definitions`. An order adds entries 计数项 to the figures, one per subject and family, under the outcome 结果 that
it has come to; a rollup 汇总 holds how many entries there are of each kind. The projector keeps both
(`projecting`), and no action writes anything for them.

| file | holds |
|---|---|
| `definitions`, `counting`, `handling` | what figures are made of, and what an order adds to them (pure) |
| `tallying`, `windows`, `ranking`, `naming` | telling figures apart: by what, over which days, in which order (pure) |
| `projecting` | one fold of the projector |
| `reading`, `comparing`, `listing` | figures of a window, and the orders behind them, each naming its reader |
| `assessment/` | scores of a unit's month by a scheme |
| `board` | the wall screen 大屏: how everything stands now |
| `recounting`, `checking`, `rebuilding` | counting from the events alone: to compare, to make the figures anew |
| `correcting`, `locking`, `corrected` | months that were issued, what changed in them since, and who reads it |
| `reports/` | reports 月报 of a period, as files |
"""
