"""The stub of an SMS gateway as a process of the demo: `python -m runtime.sms_stub`."""

from foundation.clock import SystemClock
from foundation.settings import Settings, read_settings
from runtime.answering import answer
from runtime.processes import run_child
from runtime.sockets import LOOPBACK
from runtime.stubs.sms_gateway import sms_gateway


def serve(settings: Settings) -> None:
    """Take messages, from this machine only, until SIGTERM."""
    port = settings.sms_stub_port
    if port is not None:
        answer(sms_gateway(settings.sms_gateway_token.get_secret_value(), SystemClock()), LOOPBACK, port)


if __name__ == "__main__":
    run_child(lambda: serve(read_settings()))
