"""Servers that run while a command runs, and stop with it."""

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from .console import Stop
from .shell import environment

STOPS_WITHIN_S = 15


@contextmanager
def running(
    command: Sequence[object], variables: Mapping[str, object], **options: object
) -> Iterator[subprocess.Popen[str]]:
    """Run a server for as long as the block lasts, then ask it to stop.

    It is in a session of its own, so that Ctrl-C reaches this process alone, which
    stops its servers in the right order.
    """
    process = subprocess.Popen(
        [str(part) for part in command],
        env=environment(variables),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
        **options,  # type: ignore[call-overload]
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port(first: int) -> int:
    """Return the first free port of this machine from ``first`` upwards."""
    for port in range(first, first + 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Stop(f"All ports from {first} to {first + 199} are taken.")


def wait_for_port(port: int, process: subprocess.Popen[str], log: Path) -> None:
    """Wait until a server accepts connections.

    :raises Stop: when it ended instead; its log says why.
    """
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    last = "\n".join(f"    {line}" for line in log.read_text().splitlines()[-8:])
    raise Stop(f"Odoo did not start, see {log}:\n{last}")
