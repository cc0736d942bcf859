"""The 12345 hotline 热线: from a citizen's call to an archived, rated work order.

Rooms, each importing only those to its right:
routing 派单 | supervision 督办 | statistics 统计 → lifecycle 工单流转 → deadlines 时限.
"""
