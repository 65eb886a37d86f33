"""What the system tests share: Odoo, a simulated Procurify, and an undisturbed run.

PostgreSQL, Odoo and its Python environment are those of ``./dev``.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

import pytest

from devtools import databases
from devtools.company import CLERK_LOGIN
from devtools.odoo import Odoo, prepare
from devtools.paths import ROOT
from devtools.processes import running
from devtools.shell import compiled_apart
from simulator.books import books

from .books import Books
from .site import Site

#: More than the import takes at a time, so that it can be killed between two commits.
BILLS = int(os.environ.get("PROCURIFY_BILLS", "116"))
SEED = 4
#: Small pages, so that there are many moments between them.
PAGE_SIZE = 10

_CONNECT = f"""
plans = env["account.analytic.plan"]
env["procurify.connection"].create({{
    "name": "Procurify (simulated)",
    "base_url": procurify["base_url"],
    "client_id": procurify["client_id"],
    "client_secret": procurify["client_secret"],
    "user_id": env["res.users"].search([("login", "=", "{CLERK_LOGIN}")]).id,
    "department_plan_id": plans.search([("name", "=", "Departments")]).id,
    "location_plan_id": plans.search([("name", "=", "Locations")]).id,
    "page_size": {PAGE_SIZE},
}})
# Odoo's own jobs have nothing to do here, and would take a second of each first run.
mine = env["ir.cron"].search([("model_id.model", "=like", "procurify.%")])
(env["ir.cron"].search([]) - mine).active = False
env.cr.commit()
"""


class Procurify:
    """The simulated Procurify, in a process of its own."""

    def __init__(self, credentials: dict[str, str]) -> None:
        self.credentials = credentials

    def answer_after(self, seconds: float) -> None:
        """Set the latency of each answer."""
        self._call("POST", "latency", {"seconds": seconds})

    def fail(self, status: int) -> None:
        """Answer the next request, a page of a list, with an error.

        401 and 403 are answered forever.
        """
        times = 1 if status >= 500 else None
        fault = {"kind": "status", "path": "/api/", "status": status, "times": times}
        self._call("POST", "faults", fault)

    def stop_failing(self) -> None:
        """Answer as it should be, from now on."""
        self._call("DELETE", "faults")

    def forget_requests(self) -> None:
        """Count requests from now on."""
        self._call("DELETE", "requests")

    def paths(self) -> list[str]:
        """Return the path of each request since, in the order of their arrival."""
        return [path for _method, path, *_rest in self._call("GET", "requests")]

    def expected(self) -> dict[str, dict[str, Any]]:
        """Return what must become of each bill, worked out apart from the addon."""
        found: dict[str, dict[str, Any]] = self._call("GET", "expected")
        return found

    def edit(self, name: str, **params: Any) -> Any:
        """Edit the data, with a method of the simulator's data set."""
        return self._call("POST", "edits", {"edit": name, **params})["result"]

    def tokens_given(self) -> int:
        """Return how many tokens were asked for since :meth:`forget_requests`."""
        return sum(path.endswith("/oauth/token") for path in self.paths())

    def _call(self, method: str, action: str, body: object = None) -> Any:
        address = f"{self.credentials['base_url']}/_simulator/{action}"
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(address, data, method=method), timeout=10) as response:
            return json.load(response)


@pytest.fixture(scope="session")
def odoo() -> Iterator[Odoo]:
    """Give Odoo and a PostgreSQL server that this process can reach too."""
    ready = prepare()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ready.server.variables.items():
            if value is None:
                patch.delenv(name, raising=False)
            else:
                patch.setenv(name, str(value))
        yield ready


@pytest.fixture(scope="session")
def procurify_process(odoo: Odoo) -> Iterator[Procurify]:
    """Run the simulator; always with the same data."""
    with _simulator(odoo, BILLS) as process:
        yield process


@pytest.fixture
def own_procurify(odoo: Odoo) -> Iterator[Procurify]:
    """Run a smaller simulator for one test that edits its data."""
    with _simulator(odoo, 20) as process:
        yield process


@contextmanager
def _simulator(odoo: Odoo, bills: int) -> Iterator[Procurify]:
    command = (odoo.python, "-m", "simulator", "--bills", bills, "--seed", SEED)
    with running(
        command,
        compiled_apart(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout
        yield Procurify(json.loads(process.stdout.readline()))


@pytest.fixture
def procurify(procurify_process: Procurify) -> Procurify:
    """Give the simulator, as fast as it can be."""
    procurify_process.answer_after(0)
    return procurify_process


@pytest.fixture(scope="session")
def company(odoo: Odoo, procurify_process: Procurify) -> str:
    """Return a database with the addon, the company's books and a connection."""
    name = databases.database_name("system")
    databases.duplicate(odoo, databases.template(odoo), name)
    databases.install(odoo, name)
    set_up(odoo, name, procurify_process)
    return name


def set_up(odoo: Odoo, name: str, procurify: Procurify) -> None:
    """Give a database that has the addon the company's books and a connection."""
    script = (ROOT / "devtools" / "company.py").read_text()
    databases.execute(
        odoo,
        name,
        f"{script}\nset_up(env, {books()!r})\n"
        f"procurify = {procurify.credentials!r}\n{_CONNECT}",
    )


@dataclass(frozen=True)
class Prepared:
    """What is made beside the tests, which leave a processor idle while they wait."""

    copies: dict[str, "Future[str]"]
    undisturbed: "Future[Books]"


@pytest.fixture(scope="session")
def prepared(
    odoo: Odoo, company: str, request: pytest.FixtureRequest
) -> Iterator[Prepared]:
    """Copy the company's database for each test, and once let nobody disturb Odoo."""

    def copy(purpose: str) -> str:
        name = databases.database_name(f"system_{purpose}")
        return databases.duplicate(odoo, company, name)

    def run_undisturbed() -> Books:
        with closing(Site(odoo, copy("undisturbed"))) as site:
            site.synchronise(site.start())
            return site.books()

    purposes = [
        _purpose(item.name)
        for item in request.session.items
        if "site" in getattr(item, "fixturenames", ())
    ]
    with ThreadPoolExecutor(max_workers=1) as pool:
        # What is needed first comes first.
        copies = {name: pool.submit(copy, name) for name in purposes[:1]}
        undisturbed = pool.submit(run_undisturbed)
        copies |= {name: pool.submit(copy, name) for name in purposes[1:]}
        yield Prepared(copies, undisturbed)
        pool.shutdown(cancel_futures=True)


@pytest.fixture
def site(
    odoo: Odoo, prepared: Prepared, request: pytest.FixtureRequest
) -> Iterator[Site]:
    """Give the test a database of its own; it stays until the next run."""
    database = prepared.copies[_purpose(request.node.name)].result()
    with closing(Site(odoo, database)) as site:
        yield site


@pytest.fixture
def undisturbed(prepared: Prepared) -> Books:
    """Return the books after a run that nobody disturbed."""
    return prepared.undisturbed.result()


def _purpose(test: str) -> str:
    name, _, parameter = test.removeprefix("test_").partition("[")
    return f"{name[:20]}{parameter.rstrip(']')}"
