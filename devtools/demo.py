"""``./dev demo``: a company, its simulated Procurify, and the connector in between."""

import hashlib
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import databases
from .company import CLERK_LOGIN
from .console import Stop, progress, say, step
from .demo_report import Changes, print_arrivals
from .odoo import Odoo, prepare
from .paths import ADDON, ROOT, STATE
from .processes import free_port, running, wait_for_port
from .shell import compiled_apart, environment, locked, run_quietly
from .web_client import WebClient

DATABASE = "procurify_demo"
CONNECTION = "Procurify (simulated)"
LOGIN = PASSWORD = "admin"
ODOO_PORT = 8069
SIMULATOR_PORT = 8169
SYNCHRONISED_WITHIN_S = 180
#: An older database is updated when one of these has changed.
LOADED_INTO_DATABASE = ("__manifest__.py", "data", "models", "security", "views")


def demo(once: bool, bills: int, fresh: bool) -> None:
    """Show vendor bills arrive in Odoo; stay up until Ctrl-C unless ``once``.

    :raises Stop: when the synchronisation fails or does not come to an end.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    odoo = prepare()
    with locked(STATE / "demo.lock", waiting_for="its demo is running"):
        _ensure_database(odoo, fresh)
        # Odoo stops first: without Procurify it would note an outage.
        with _simulator(odoo, bills) as procurify, _server(odoo) as address:
            client = WebClient(address)
            client.log_in(DATABASE, LOGIN, PASSWORD)
            changes = Changes(odoo.server, DATABASE)
            connection = _connect(client, procurify)
            _synchronise(client, connection)
            print_arrivals(client, connection)
            changes.print_summary()
            say(f"\nOdoo is at {address} (login {LOGIN}, password {PASSWORD}).")
            if not once:
                _stay()


def _stay() -> None:
    say("Press Ctrl-C to stop.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        say("\nStopping …")


def _ensure_database(odoo: Odoo, fresh: bool) -> None:
    """Create the demo company's database; it takes its name when it is complete."""
    if fresh:
        databases.drop(odoo, DATABASE)
    if databases.exists(odoo, DATABASE):
        return
    base = databases.template(odoo)
    unfinished = f"{DATABASE}_unfinished"
    with step("Demo company: creating its database"):
        databases.duplicate(odoo, base, unfinished)
        databases.change(odoo, unfinished, "--init", ADDON)
        _set_up_company(odoo, unfinished)
        databases.rename(odoo, unfinished, DATABASE)
    _fingerprint_file().write_text(_fingerprint())


def _set_up_company(odoo: Odoo, database: str) -> None:
    books = run_quietly(
        *(odoo.python, "-m", "simulator", "--books"),
        cwd=ROOT,
        env=environment(compiled_apart()),
        failure="The simulator does not say what the company's books hold:",
    ).stdout
    script = (Path(__file__).parent / "company.py").read_text()
    databases.execute(
        odoo, database, f"{script}\nimport json\nset_up(env, json.loads({books!r}))\n"
    )


@contextmanager
def _simulator(odoo: Odoo, bills: int) -> Iterator[dict[str, str]]:
    """Run the simulated Procurify, at the address that the database knows if it can."""
    known = odoo.server.query(
        f"SELECT base_url FROM procurify_connection WHERE name = '{CONNECTION}'",
        DATABASE,
    )
    port = urlsplit(known[0][0]).port if known else None
    port = free_port(port or SIMULATOR_PORT)
    command = (odoo.python, "-m", "simulator", "--port", port)
    with (
        (STATE / "simulator.log").open("w") as log,
        running(
            (*command, "--bills", bills),
            compiled_apart(),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
        ) as process,
    ):
        ready = process.stdout.readline() if process.stdout else ""
        if not ready:
            raise Stop(f"The simulator did not start, see {log.name}")
        yield json.loads(ready)


@contextmanager
def _server(odoo: Odoo) -> Iterator[str]:
    """Run Odoo with its real crons and give its address."""
    port, log = free_port(ODOO_PORT), STATE / "demo.log"
    log.write_text("")
    update = () if _fingerprint_file().read_text() == _fingerprint() else ("-u", ADDON)
    command = odoo.command(
        *("--database", DATABASE, "--db-filter", f"^{DATABASE}$", *update),
        *("--http-port", port, "--max-cron-threads", 1, "--logfile", log),
    )
    say(f"Odoo: starting, its log is {log}")
    with running(
        command,
        odoo.variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_for_port(port, process, log)
        _fingerprint_file().write_text(_fingerprint())
        yield f"http://127.0.0.1:{port}"


def _connect(client: WebClient, procurify: dict[str, str]) -> int:
    """Create the connection and test it, as a person does in Odoo's settings."""
    found = client.read("procurify.connection", [("name", "=", CONNECTION)], "base_url")
    if found:
        connection: int = found[0]["id"]
        if found[0]["base_url"] != procurify["base_url"]:
            address = {"base_url": procurify["base_url"]}
            client.call("procurify.connection", "write", [connection], address)
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
        f"The synchronisation did not end within {SYNCHRONISED_WITHIN_S} s, see "
        f"{STATE / 'demo.log'}"
    )


def _stop_on_failure(client: WebClient, connection: int) -> None:
    fields = ("error_message", "import_obstacle")
    (health,) = client.read("procurify.connection", [("id", "=", connection)], *fields)
    if reason := health["error_message"] or health["import_obstacle"]:
        raise Stop(f"The connection failed: {reason}")


def _fingerprint_file() -> Path:
    return STATE / "demo.loaded"


def _fingerprint() -> str:
    """Return a digest of what an update of the addon would load into the database."""
    files = [
        file
        for part in LOADED_INTO_DATABASE
        for file in sorted([ROOT / part, *(ROOT / part).rglob("*")])
        if file.suffix in (".py", ".xml", ".csv")
    ]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
