"""Logs of a process: one line per event on standard error, JSON in production, without personal data.

An exception is told by its type and the places where it arose, never by its message, which may hold what a citizen
wrote.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog
from structlog.typing import Processor

from api.logs import where
from foundation.settings import Environment, Settings

Event = MutableMapping[str, Any]


def configure_logs(settings: Settings, process: str) -> None:
    """Set up logging for the whole process, that of libraries included; `process` is on every line."""

    def name_process(logger: object, method: str, event: Event) -> Event:
        return {"process": process, **event}

    production = settings.environment is Environment.PRODUCTION
    render: Processor = structlog.processors.JSONRenderer(serializer=_json) if production else _console()
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper("iso", utc=True),
        name_process,
        mask_exception,
    ]
    structlog.configure(
        processors=[*before, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *before],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def mask_exception(logger: object, method: str, event: Event) -> Event:
    """Replace the exception by its type and where it arose."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["error"] = type(error).__qualname__
        event["where"] = where(error)
    return event


def _console() -> Processor:
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())


def _json(event: Event, **_: object) -> str:
    return orjson.dumps(event, default=str).decode()
