"""``odoo procurify``: what an administrator does with the connector from a shell.

Odoo finds this file by its folder and its name, and loads it without the addon: what
it needs of that, it asks a database for.
"""

import json
import sys
from contextlib import contextmanager

from odoo import SUPERUSER_ID
from odoo.api import Environment
from odoo.cli.command import Command
from odoo.modules.registry import Registry
from odoo.tools import config


class Procurify(Command):
    """Look after the connections to Procurify of one database.

    Each command does as OdooBot what the button of the same name does, and is named in
    the audit. It exits with 1 where something is wrong.
    """

    def __init__(self):
        super().__init__()
        commands = self.parser.add_subparsers(dest="subcommand", required=True)
        for name, run, summary in (
            ("status", self._status, "show the health of each connection, as JSON"),
            ("sync", self._sync, "read Procurify as soon as a worker is free"),
            (
                "replay",
                self._replay,
                "replay everything that is on hold, without Procurify",
            ),
            ("findings", self._findings, "show what was learned of a tenant, as JSON"),
            ("verify", self._verify, "verify the audit"),
            ("rotate-key", self._rotate_key, "re-encrypt the credentials"),
        ):
            command = commands.add_parser(name, help=summary, description=summary)
            command.set_defaults(run=run)
            command.add_argument("-c", "--config", help="Odoo's configuration file")
            command.add_argument("-d", "--database", help="name of the database")
            command.add_argument(
                *("-n", "--connection"),
                help="name of one connection (default: all active ones)",
            )
            if name == "verify":
                command.add_argument(
                    "--head", default="", help="a chain head that you kept earlier"
                )

    def run(self, arguments):
        """Run the command that ``arguments`` name, in a transaction of its own."""
        parsed = self.parser.parse_args(arguments)
        with self._connections(parsed) as connections:
            code = parsed.run(connections, **_options(parsed))
        # Not before the transaction is committed.
        sys.exit(code)

    @contextmanager
    def _connections(self, parsed):
        options = ["--no-http", "--log-level=warn"]
        options += ["-c", parsed.config] if parsed.config else []
        options += ["-d", parsed.database] if parsed.database else []
        config.parse_config(options, setup_logging=True)
        names = config["db_name"]
        if len(names) != 1:
            self.parser.error("name one database: -d NAME")
        with Registry(names[0]).cursor() as cursor:
            env = Environment(cursor, SUPERUSER_ID, {})
            if "procurify.connection" not in env:
                sys.exit(f"Procurify Connector is not installed in {names[0]}.")
            domain = [("name", "=", parsed.connection)] if parsed.connection else []
            found = env["procurify.connection"].search([*domain, ("active", "=", True)])
            if not found:
                sys.exit("There is no such connection.")
            yield found

    def _status(self, connections):
        told = {each["connection_id"]: each for each in connections.read_health()}
        figures = {f["connection_id"]: f for f in connections.read_statistics()}
        mine = [figures[c.id] | told[c.id] for c in connections]
        print(json.dumps(mine, indent=2, ensure_ascii=False))  # noqa: T201
        return int(not all(each["healthy"] for each in mine))

    def _findings(self, connections):
        found = connections.read_findings()
        mine = [each for each in found if each["connection_id"] in connections.ids]
        print(json.dumps(mine, indent=2, ensure_ascii=False))  # noqa: T201
        return int(any(row["verdict"] == "differs" for row in mine))

    def _sync(self, connections):
        return _said(connections.action_sync_now())

    def _replay(self, connections):
        return _said(connections.action_replay_held())

    def _verify(self, connections, head):
        return _said(connections.action_verify_audit(known_head=head))

    def _rotate_key(self, connections):
        return _said(connections.action_rotate_key())


def _options(parsed):
    """Return what a command takes besides the connections."""
    return {"head": parsed.head} if "head" in parsed else {}


def _said(notification):
    """Print what a button would say, and return the exit code."""
    params = notification["params"]
    print(params["message"])  # noqa: T201
    return int(params["type"] == "danger")
