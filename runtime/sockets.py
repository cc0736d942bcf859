"""The port that all API processes share.

Each process listens on a socket of its own with SO_REUSEPORT, and the system spreads new connections over them. One
more socket, bound but not listening, keeps the port ours while a process is being started again.
"""

import errno
import socket

from foundation.faults import PortTaken, SettingsFault

LOOPBACK = "127.0.0.1"
BACKLOG = 1024


def reserve(host: str, port: int) -> socket.socket:
    """Make sure that nobody else has the port, and keep it. Raises `PortTaken` or `SettingsFault` (host or right)."""
    probe = _socket(host)
    try:
        _bind(probe, host, port)  # without SO_REUSEPORT, so that a second installation is noticed too
    finally:
        probe.close()
    reservation = _socket(host)
    try:
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        _bind(reservation, host, port)
    except BaseException:
        reservation.close()
        raise
    return reservation


def listen(host: str, port: int) -> socket.socket:
    """A listening socket of this process on the shared port."""
    listener = _socket(host)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        _bind(listener, host, port)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def _socket(host: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made


def _bind(made: socket.socket, host: str, port: int) -> None:
    try:
        made.bind((host, port))
    except OSError as fault:
        if fault.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"Port {port} on {host} is taken by another program: stop that one, or choose another port with "
                "ZHENGTONG_PORT."
            ) from None
        raise SettingsFault(f"ZHENGTONG_HOST {host} with port {port} cannot be used: {fault.strerror}.") from None
