"""Which PostgreSQL server ``./dev`` uses, and what it takes from the caller for it."""

from pathlib import Path

import pytest

from devtools import postgres
from devtools.odoo import Odoo
from devtools.shell import environment

#: Of another server's: each of them alone would keep a client away from the private
#: one, or change what it does there.
FOREIGN = {
    "PGHOSTADDR": "192.0.2.1",
    "PGSERVICE": "nobody",
    "PGDATABASE": "mine",
    "PGSSLMODE": "verify-full",
    "PGOPTIONS": "-c default_transaction_read_only=on",
    "PGTARGETSESSIONATTRS": "read-only",
    "PGHOST_REPLICA": "replica.example",
}
SOCKETS = "SHOW unix_socket_directories"


def _folder(server: postgres.Server) -> Path:
    return Path(server.query(SOCKETS)[0][0])


def test_settings_for_another_server_do_not_reach_the_private_one(
    odoo: Odoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in postgres.OWN_SERVER_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in FOREIGN.items():
        monkeypatch.setenv(name, value)

    private = postgres.server(odoo.python)

    assert _folder(private) == private.variables["PGHOST"]
    assert not FOREIGN.keys() & environment(private.variables).keys()


def test_a_server_that_is_named_is_used_and_said(
    odoo: Odoo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    named = postgres.apart(odoo.python, "named")
    named.start()
    for name, value in named.server.variables.items():
        if value is not None:
            monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("PGDATABASE", "mine")

    given = postgres.server(odoo.python)

    assert _folder(given) == named.server.variables["PGHOST"]
    assert "PGDATABASE" not in environment(given.variables)
    assert "PGHOST, PGPORT, PGUSER" in capsys.readouterr().err
    named.stop()
