"""Run other programs and share folders with other runs of ``./dev``."""

import fcntl
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .console import Stop, say
from .paths import CACHE


def run(*command: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program in text mode; the caller decides what a failure means."""
    words = [str(part) for part in command]
    return subprocess.run(words, text=True, check=False, **options)


def run_quietly(
    *command: object, failure: str, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a program whose output matters only when it fails.

    :raises Stop: with ``failure`` and the last lines that the program printed.
    """
    done = run(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode:
        last_lines = "\n".join(f"    {x}" for x in done.stdout.splitlines()[-8:])
        raise Stop(f"{failure}\n{last_lines}".rstrip())
    return done


def hand_over(command: Sequence[str], variables: Mapping[str, object]) -> int:
    """Run a program that is the person's from now on; return its exit code.

    Ctrl-C is its business. This process stays to clean up after it.
    """
    with subprocess.Popen(command, env=environment(variables)) as process:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        return process.wait()


def environment(changes: Mapping[str, object]) -> dict[str, str]:
    """Return this process's environment with ``changes``; None removes a variable."""
    merged = {**os.environ, **changes}
    return {name: str(value) for name, value in merged.items() if value is not None}


def compiled_apart() -> dict[str, object]:
    """Return variables that keep Python's compiled files out of the checkout.

    They are written even where the person's settings say not to: Odoo takes seconds
    to start without them.
    """
    return {
        "PYTHONPYCACHEPREFIX": CACHE / "compiled",
        "PYTHONDONTWRITEBYTECODE": None,
    }


@contextmanager
def locked(path: Path, waiting_for: str) -> Iterator[None]:
    """Hold a lock that the system releases when this process dies, however it dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Waiting for another ./dev: {waiting_for} …")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def folder_made_whole(folder: Path) -> Iterator[Path]:
    """Give a folder to fill that takes its final name only when nothing failed.

    A killed run leaves nothing under the final name, so "it is there" means "it is
    complete".
    """
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    yield partial
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def link(path: Path, target: Path) -> None:
    """Make ``path`` a symbolic link to ``target``, replacing an older link."""
    if path.is_symlink() and Path(os.readlink(path)) == target:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def write_if_changed(path: Path, text: str) -> None:
    """Leave a file that is already right alone, so that its date says something."""
    if not path.is_file() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
