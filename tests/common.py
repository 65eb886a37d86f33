"""What the tests share: a company whose books are ready, and a running simulator."""

from datetime import date
from unittest.mock import patch

from odoo.fields import Command
from odoo.tools import SQL, config

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.procurify_connector.fetching.tenant import open_client
from odoo.addons.procurify_connector.importers.resource_kinds import KINDS
from odoo.addons.procurify_connector.models.procurify_healing import CURES
from odoo.addons.procurify_connector.simulator import Simulator
from odoo.addons.procurify_connector.simulator.books import books

# Of companies that have a chart of accounts and nothing else.
PREPARED = "Prepared for tests %"


class ProcurifyCommon(AccountTestInvoicingCommon):
    """A connection to a simulator, for a company that holds what its books say.

    ``_fetch``, ``_import`` and ``_synchronise`` run the real crons.

    ``master_data_ready``: what the company's documents name is imported once for all
    tests of the class, so that each needs to import its own documents only.
    """

    bills = 0
    catalog = 6
    master_data_ready = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(patch.dict(config.options, procurify_allow_loopback="1"))
        cls.company = cls.company_data["company"]
        cls.env.user.group_ids |= cls.env.ref("procurify_connector.group_manager")
        cls._keep_books(books())
        if cls.master_data_ready:
            with cls._simulator() as simulator:
                cls.ready = cls._connect_to(simulator)
                cls._import_master_data(cls.ready)
                cls.env["procurify.healing"].sudo().create(
                    {
                        "connection_id": cls.ready.id,
                        "watermark": cls._second(),
                    }
                )
        cls._let_a_day_pass()

    @classmethod
    def _create_company(cls, **values):
        """Take a company that ``./dev test`` prepared, where there is one left.

        Loading its chart of accounts takes seconds. As it takes another name, this
        transaction does not take it again.
        """
        prepared = cls.env["res.company"].sudo()
        if values.keys() <= {"name"} and not (cls.chart_template or cls.country_code):
            prepared = prepared.search([("name", "=like", PREPARED)], limit=1)
        if not prepared:
            return super()._create_company(**values)
        prepared.write({"name": "Test Company"} | values)
        company = prepared.with_env(cls.env)
        cls.env.user.company_ids = [Command.link(company.id)]
        return company

    def setUp(self):
        super().setUp()
        # A test may edit the other side's data, which no rollback takes back.
        self.simulator = self._simulator()
        self.simulator.start()
        self.addCleanup(self.simulator.stop)
        self.dataset = self.simulator.dataset
        if self.master_data_ready:
            self.connection = self.ready.with_env(self.env)
            self.connection.write(
                {
                    "base_url": self.simulator.base_url,
                    "client_secret": self.simulator.client_secret,
                }
            )
        else:
            self.connection = self._connect()

    @classmethod
    def _let_a_day_pass(cls):
        """Let what Odoo holds be of yesterday.

        What changes in Odoo makes the import try again what is on hold. Here, as in a
        real company, that is what changes from now on.
        """
        cls.env.flush_all()
        for name in CURES.keys() & cls.env.registry.keys():
            cls.env.cr.execute(
                SQL(
                    "UPDATE %s SET write_date = write_date - interval '1 day' "
                    "WHERE write_date >= %s",
                    SQL.identifier(cls.env[name]._table),
                    cls._second(),
                )
            )
        cls.env.invalidate_all()

    @classmethod
    def _second(cls):
        """Return the second in which everything of this class is written."""
        return cls.env.cr.now().replace(microsecond=0)

    @classmethod
    def _simulator(cls):
        return Simulator(bills=cls.bills, seed=1, catalog=cls.catalog)

    @classmethod
    def _import_master_data(cls, connection):
        """Do what the crons do, without their commits."""
        kinds = [kind.name for kind in KINDS.values() if kind.role == "master"]
        with open_client(connection) as client:
            for stream in connection.sudo().stream_ids:
                if stream.resource in kinds:
                    for _page in stream._fetch(client):
                        pass
        cls.env["procurify.record"].search(
            [("connection_id", "=", connection.id)]
        ).sudo()._import()

    @classmethod
    def _keep_books(cls, books):
        """Create in Odoo what the simulated company's controller has set up."""
        cls.env["account.account"].create(books["accounts"])
        plans = cls.env["account.analytic.plan"].create(
            [{"name": "Departments"}, {"name": "Locations"}]
        )
        cls.plans = dict(zip(("department", "location"), plans, strict=True))
        cls.env["account.analytic.account"].create(
            [
                {
                    "name": centre["name"],
                    "code": centre["code"],
                    "plan_id": cls.plans[centre["plan"]].id,
                    "company_id": cls.company.id,
                }
                for centre in books["cost_centres"]
            ]
        )
        cls.env["account.tax"].search(
            [("type_tax_use", "=", "purchase")]
        ).active = False
        cls.env["account.tax"].create(
            [
                {
                    "name": tax["name"],
                    "amount": float(tax["amount"]),
                    "type_tax_use": "purchase",
                    "price_include_override": (
                        "tax_included" if tax["price_include"] else "tax_excluded"
                    ),
                }
                for tax in books["taxes"]
            ]
        )
        cls.env["res.partner"].create(books["partners"])
        cls._trade_in(books)

    @classmethod
    def _trade_in(cls, books):
        """Activate the currencies of the books, with their rates; no other one."""
        currencies = cls.env["res.currency"].with_context(active_test=False).search([])
        wanted = currencies.filtered(lambda c: c.name in books["currencies"])
        wanted.active = True
        unwanted = currencies - wanted - cls.company.currency_id
        unwanted.filtered(lambda c: c.name == "SEK").active = False
        cls.env["res.currency.rate"].search(
            [("currency_id", "in", wanted.ids)]
        ).unlink()
        cls.env["res.currency.rate"].create(
            [
                {
                    "currency_id": currency.id,
                    "rate": float(books["rates"][currency.name]),
                    "name": date(2020, 1, 1),
                    "company_id": cls.company.id,
                }
                for currency in wanted
                if currency.name in books["rates"]
            ]
        )

    def _connect(self, **values):
        return self._connect_to(self.simulator, **values)

    @classmethod
    def _connect_to(cls, simulator, **values):
        return cls.env["procurify.connection"].create(
            {
                "name": "Simulator",
                "company_id": cls.company.id,
                "base_url": simulator.base_url,
                "client_id": simulator.client_id,
                "client_secret": simulator.client_secret,
                "user_id": cls.env.uid,
                "department_plan_id": cls.plans["department"].id,
                "location_plan_id": cls.plans["location"].id,
                **values,
            }
        )

    # === RUNNING === #

    def _run_cron(self, name):
        cron = self.env.ref(f"procurify_connector.{name}")
        with self._job_cursor_sees_the_test():
            cron.method_direct_trigger()
        # A failing job does not raise: it is counted.
        self.assertFalse(cron.failure_count, f"{name} failed")

    def _job_cursor_sees_the_test(self):
        return self.enter_registry_test_mode()

    def _fetch(self):
        self._run_cron("ir_cron_fetch")

    def _import(self):
        for _run in range(100):
            self._run_cron("ir_cron_import")
            if not self._records(state="pending"):
                return
        self.fail("Records stay pending")

    def _synchronise(self):
        self._fetch()
        self.assertFalse(self.connection.error_message)
        self._import()

    # === FINDING === #

    def _records(self, resource=None, **values):
        domain = [("connection_id", "=", self.connection.id)]
        if resource:
            domain.append(("resource", "=", resource))
        domain += [(field, "=", value) for field, value in values.items()]
        return self.env["procurify.record"].search(domain, order="id")

    def _stream(self, resource):
        streams = self.connection.stream_ids.sudo()  # as the crons that read them
        return streams.filtered(lambda s: s.resource == resource)

    def _record(self, resource, external_id):
        record = self._records(resource, external_id=str(external_id))
        self.assertEqual(len(record), 1, f"{resource} {external_id}")
        return record

    def _move(self, bill_id):
        record = self._record("bill", bill_id)
        return self.env["account.move"].browse(record.res_id)

    def _refuse(self, bill_id):
        """Answer 404 to the detail of one bill, by whichever id it is asked."""
        for name in (self.dataset.bill(bill_id).uuid.hex, bill_id):
            self.simulator.faults.add(
                path=f"/api/v2/ap/bills/{name}/", status=404, times=None
            )

    def _codes(self, record):
        return set(record.issue_ids.mapped("code"))

    def _age(self, records):
        """Let records be of yesterday, and return when they were written.

        All that one test writes has the same stamp: else no test would notice that
        something is written again.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET write_date = write_date - interval '1 day' "
                "WHERE id IN %s",
                SQL.identifier(records._table),
                tuple(records.ids),
            )
        )
        records.invalidate_recordset(["write_date"])
        return records[:1].write_date

    def _map(self, record, target):
        """Map as a reviewer does: on the master data's own record."""
        record.write({"res_model": target._name, "res_id": target.id})
        record.action_replay()

    def _account(self, code, **values):
        return self.env["account.account"].create(
            {"code": code, "name": code, "account_type": "expense", **values}
        )

    def _group(self, *names):
        return [
            Command.link(self.env.ref(f"procurify_connector.{name}").id)
            for name in names
        ]


class SharedCommon(ProcurifyCommon):
    """One synchronisation of what ``_make`` adds, for tests that only look."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.simulator = Simulator(bills=cls.bills, seed=1)
        cls.simulator.start()
        cls.addClassCleanup(cls.simulator.stop)
        cls.dataset = cls.simulator.dataset
        # Whatever runs a cron is a method of a test.
        first = cls()
        cls.connection = first._connect()
        cls._make()
        first._synchronise()

    @classmethod
    def _make(cls):
        """Add what the tests look at."""
        raise NotImplementedError

    def setUp(self):
        super(ProcurifyCommon, self).setUp()
