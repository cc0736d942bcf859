"""Logs say what failed and where, and never what somebody wrote."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from foundation.settings import Environment, Settings
from runtime.logs import configure_logs

WRITTEN = "王小明，住址和平路 12 号"


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def fail() -> None:
    raise ValueError(WRITTEN)


@pytest.mark.parametrize("environment", list(Environment))
def test_an_exception_is_told_by_type_and_place_only(
    environment: Environment, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(settings.model_copy(update={"environment": environment}), "worker")
    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("sweep_failed", sweep="timers")
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    told = capsys.readouterr().err
    assert told.count("ValueError") == 2
    assert told.count("test_logs.py") >= 2
    assert WRITTEN not in told
    if environment is Environment.PRODUCTION:
        first, second = (json.loads(line) for line in told.splitlines())
        assert (first["event"], first["process"], first["level"]) == ("sweep_failed", "worker", "error")
        assert (second["event"], second["logger"]) == ("Exception in ASGI application", "uvicorn.error")
