"""Routing 派单: from what an order is about and where, to the unit that answers for it.

The **dispatch catalogue 派单目录** holds rules: category 事项类别 × place 地点 → lead unit 主办单位, co-units
协办单位, the basis 依据 for it (law, or list of duties 权责清单), the days on which it is valid 有效期, and whether
orders may go out without a dispatcher 自动派单. `rules` finds the one that wins and says why; `router` keeps the
catalogue compiled in the process and hands it to the life cycle; `cataloguing` changes it. Rules are never edited or
deleted: one is replaced or retired as of a day, so that a routing of last month can still be explained.
"""
