"""Service requests as the city of Boston exports them, made up, and their figures counted without any of the program's
own code: times are compared as the text that they are.
"""

import csv
import random
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

HEADING = (
    "case_id", "open_dt", "target_dt", "closed_dt", "on_time", "case_status", "subject", "reason", "type", "queue",
    "department", "neighborhood", "source",
)  # fmt: skip
MATTERS = (
    ("Public Works Department", "Street Lights", "Street Light Outages", "PWDx"),
    ("Public Works Department", "Highway Maintenance", "Request for Pothole Repair", "PWDx"),
    ("Inspectional Services", "Housing", "Heat - Excessive  Insufficient", "ISD"),
    ("Transportation - Traffic Division", "Signs & Signals", "Traffic Signal Inspection", "BTDT"),
    ("Mayor's 24 Hour Hotline", "Notification", "Notification", "INFO"),
)
SAMPLE = Path(__file__).parent / "boston.csv"
REAL = Path(__file__).parents[4] / "shared" / "data" / "boston311" / "requests_2015_01_08.parquet"

Row = dict[str, str]


def made_up(number: int) -> list[Row]:
    """The same each time: closed and open, in time and late, with and without a due and a flag."""
    chance, rows = random.Random("boston"), []
    for n in range(number):
        subject, reason, type_, department = chance.choice(MATTERS)
        opened = datetime.fromisoformat("2015-02-27T08:00:00") + timedelta(seconds=chance.randrange(30 * 86_400))
        due = opened + timedelta(hours=chance.choice([4, 24, 72, 24 * 30]), seconds=chance.choice([0, 0, 11]))
        closed = opened + timedelta(hours=chance.choice([1, 4, 30, 72, 24 * 40]), seconds=chance.choice([0, 0, 1]))
        if chance.random() < 0.05:
            closed = opened - timedelta(seconds=chance.randrange(1, 40))
        has_due, is_closed = chance.random() < 0.75, chance.random() < 0.85
        late = has_due and (not is_closed or closed > due)
        rows.append(
            {
                "case_id": f"1010{n:08d}",
                "open_dt": opened.isoformat(),
                "target_dt": due.isoformat() if has_due else "",
                "closed_dt": closed.isoformat() if is_closed else "",
                "on_time": "" if chance.random() < 0.03 else "OVERDUE" if late else "ONTIME",
                "case_status": "Closed" if is_closed else "Open",
                "subject": subject,
                "reason": reason,
                "type": type_,
                "queue": f"{department}_{type_}",
                "department": department,
                "neighborhood": chance.choice(["Dorchester", "Roxbury", ""]),
                "source": chance.choice(["Constituent Call", "Citizens Connect App"]),
            }
        )
    return rows


def read(file: Path) -> list[Row]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def write(file: Path, rows: Iterable[Row], heading: Iterable[str] = HEADING) -> Path:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(heading))
        writer.writeheader()
        writer.writerows(rows)
    return file


def flagged(rows: Iterable[Row]) -> int:
    """The closed rows that have both a due time and a flag."""
    return sum(bool(row["closed_dt"] and row["target_dt"] and row["on_time"]) for row in rows)


def overdue(rows: Iterable[Row], as_of: str) -> dict[str, int]:
    """How many of each department were closed late, or are open and were due before `as_of`, a local time."""
    late: Counter[str] = Counter()
    for row in rows:
        due = row["target_dt"]
        late[row["department"]] += bool(due) and (row["closed_dt"] or as_of) > due
    return dict(late)
