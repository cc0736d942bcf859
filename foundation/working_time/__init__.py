"""Working time 工作时间: calendars, and what may be asked of them.

    calendar = shipped_calendar("cn")
    calendar.add(start, timedelta(minutes=225))     # half a working day later; backwards with a negative span
    calendar.add_days(start, 5)                     # the closing time of the fifth working day after the start's date
    calendar.between(start, end)                    # the working time that passed
    calendar.is_provisional(start, due)             # whether the holidays up to there are published yet

A `Calendar` is an immutable value named by the hash of its content; a correction makes another calendar. Calendars are
data (`calendars/*.toml`, see `definition`), the State Council's days too (`statutory/cn.toml`). `check_vectors` tries a
city's calendar against a file of expected answers.
"""

from foundation.working_time.calendar import Calendar, shipped_calendar
from foundation.working_time.definition import CalendarDefinition
from foundation.working_time.timeline import BeyondCalendar, Hours
from foundation.working_time.vectors import VectorReport, VectorsInvalid, check_vectors

__all__ = [
    "BeyondCalendar",
    "Calendar",
    "CalendarDefinition",
    "Hours",
    "VectorReport",
    "VectorsInvalid",
    "check_vectors",
    "shipped_calendar",
]
