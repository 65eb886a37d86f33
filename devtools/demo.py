"""``./dev demo``: a company, its simulated Procurify, and the connector in between."""

import hashlib
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import databases
from .company import CLERK_LOGIN
from .console import Stop, progress, say
from .demo_company import create_database, simulated_procurify
from .demo_report import Changes, print_arrivals
from .odoo import Odoo, prepare
from .paths import ADDON, ROOT, STATE
from .processes import free_port, running, wait_for_port
from .shell import locked
from .web_client import WebClient

DATABASE = "procurify_demo"
CONNECTION = "Procurify (simulated)"
LOGIN = PASSWORD = "admin"
ODOO_PORT = 8069
SIMULATOR_PORT = 8169
SYNCHRONISED_WITHIN_S = 180
LOG = STATE / "demo.log"
#: An older database is updated when one of these has changed.
LOADED_INTO_DATABASE = (
    *("__manifest__.py", "data", "importers", "models", "reconciliation", "security"),
    *("tools", "views"),
)


@dataclass(frozen=True)
class Shown:
    """A demo that has read and imported all, and is still up."""

    address: str
    database: str
    server: subprocess.Popen[str]


def demo(once: bool, bills: int, fresh: bool) -> None:
    """Show vendor bills arrive in Odoo; stay up until Ctrl-C unless ``once``.

    :raises Stop: when the synchronisation fails or does not come to an end.
    """
    with shown(prepare(), bills, fresh) as up:
        say(f"\nOdoo is at {up.address} (login {LOGIN}, password {PASSWORD}).")
        if not once:
            _stay(up.server)


@contextmanager
def shown(
    odoo: Odoo, bills: int, fresh: bool, database: str = DATABASE
) -> Iterator[Shown]:
    """Let vendor bills arrive in Odoo, say which, and stay up while the block lasts.

    :raises Stop: when the synchronisation fails or does not come to an end.
    """
    with locked(STATE / "demo.lock", waiting_for="its demo is running"):
        _ensure_database(odoo, database, fresh)
        # Odoo stops first: without Procurify it would note an outage.
        with (
            simulated_procurify(
                odoo, _simulator_port(odoo, database), bills, _born(odoo, database)
            ) as procurify,
            _server(odoo, database, port := free_port(ODOO_PORT)) as server,
        ):
            address = f"http://127.0.0.1:{port}"
            client = WebClient(address)
            client.log_in(database, LOGIN, PASSWORD)
            changes = Changes(odoo.server, database)
            connection = _connect(client, procurify)
            _synchronise(client, connection)
            print_arrivals(client, connection)
            changes.print_summary()
            yield Shown(address, database, server)


def _stay(server: subprocess.Popen[str]) -> None:
    say("Press Ctrl-C to stop.")
    try:
        server.wait()
    except KeyboardInterrupt:
        say("\nStopping …")
    else:
        raise Stop(f"Odoo ended by itself, see {LOG}")


def _ensure_database(odoo: Odoo, database: str, fresh: bool) -> None:
    if fresh:
        databases.drop(odoo, database)
    if not databases.exists(odoo, database):
        create_database(odoo, database)
        _fingerprint_file(database).write_text(_fingerprint())


def _born(odoo: Odoo, database: str) -> str:
    """Return the day on which the company was made: its past ends there."""
    born = f"SELECT create_date::date FROM res_users WHERE login = '{CLERK_LOGIN}'"
    return odoo.server.query(born, database)[0][0]


def _simulator_port(odoo: Odoo, database: str) -> int:
    """Return the port that the demo's connection knows, if it is still to be had."""
    known = odoo.server.query(
        f"SELECT base_url FROM procurify_connection WHERE name = '{CONNECTION}'",
        database,
    )
    port = urlsplit(known[0][0]).port if known else None
    return free_port(port or SIMULATOR_PORT)


@contextmanager
def _server(odoo: Odoo, database: str, port: int) -> Iterator[subprocess.Popen[str]]:
    """Run Odoo with its real crons."""
    LOG.write_text("")
    loaded = _fingerprint_file(database)
    current = loaded.exists() and loaded.read_text() == _fingerprint()
    update = () if current else ("-u", ADDON)
    command = odoo.command(
        *("--database", database, "--db-filter", f"^{database}$", *update),
        *("--http-port", port, "--max-cron-threads", 1, "--logfile", LOG),
    )
    say(f"Odoo: starting, its log is {LOG}")
    with running(
        command,
        odoo.variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_for_port(port, process, LOG)
        loaded.write_text(_fingerprint())
        yield process


def _connect(client: WebClient, procurify: dict[str, str]) -> int:
    """Create the connection and test it, as a person does in Odoo's settings."""
    found = client.read("procurify.connection", [("name", "=", CONNECTION)], "base_url")
    if found:
        connection: int = found[0]["id"]
        if found[0]["base_url"] != procurify["base_url"]:
            # The secret is forgotten when the port is another one.
            values = {name: procurify[name] for name in ("base_url", "client_secret")}
            client.call("procurify.connection", "write", [connection], values)
    else:
        connection = client.call(
            "procurify.connection", "create", _values(client, procurify)
        )
    client.call("procurify.connection", "action_test_connection", [connection])
    _stop_on_failure(client, connection)
    return connection


def _values(client: WebClient, procurify: dict[str, str]) -> dict[str, Any]:
    plans = client.read("account.analytic.plan", [], "name")
    plan_ids = {plan["name"]: plan["id"] for plan in plans}
    (clerk,) = client.read("res.users", [("login", "=", CLERK_LOGIN)], "login")
    return {
        "name": CONNECTION,
        **procurify,
        "user_id": clerk["id"],
        "department_plan_id": plan_ids["Departments"],
        "location_plan_id": plan_ids["Locations"],
        "close_days_before": 2,
        "close_days_after": 5,
    }


def _synchronise(client: WebClient, connection: int) -> None:
    """Press "Sync now" and wait until Odoo's crons have read and imported all."""
    (clock,) = client.read(
        "procurify.connection", [("id", "=", connection)], "write_date"
    )
    client.call("procurify.connection", "action_sync_now", [connection])
    mine = [("connection_id", "=", connection)]
    deadline = time.monotonic() + SYNCHRONISED_WITHIN_S
    while time.monotonic() < deadline:
        streams = client.read("procurify.stream", mine, "last_success")
        unread = [s for s in streams if (s["last_success"] or "") < clock["write_date"]]
        open_states = ("state", "in", ("pending", "waiting"))
        undone = client.call("procurify.record", "search_count", [*mine, open_states])
        progress(
            f"Synchronising: {len(streams) - len(unread)} of {len(streams)} lists are "
            f"read, {undone} records wait for the import"
        )
        if not unread and not undone:
            progress("")
            return
        _stop_on_failure(client, connection)
        time.sleep(0.5)
    raise Stop(
        f"The synchronisation did not end within {SYNCHRONISED_WITHIN_S} s, see {LOG}"
    )


def _stop_on_failure(client: WebClient, connection: int) -> None:
    fields = ("error_message", "import_obstacle")
    (health,) = client.read("procurify.connection", [("id", "=", connection)], *fields)
    if reason := health["error_message"] or health["import_obstacle"]:
        raise Stop(f"The connection failed: {reason}")


def _fingerprint_file(database: str) -> Path:
    return STATE / f"{database}.loaded"


def _fingerprint() -> str:
    """Return a digest of what an update of the addon would load into the database."""
    files = [
        file
        for part in LOADED_INTO_DATABASE
        for file in sorted([ROOT / part, *(ROOT / part).rglob("*")])
        if file.suffix in (".py", ".xml", ".csv")
    ]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
