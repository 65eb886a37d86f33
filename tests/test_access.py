"""Who may see and do what, attacked from another company."""

from functools import partial
from itertools import product

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import ProcurifyCommon

# Models whose rows no company rule hides, and why.
WITHOUT_COMPANY_RULE = {
    "procurify.accrue": "a dialog: one's own rows only",
    "procurify.audit.mark": "one row: the number of the audit's last row",
    "procurify.audit.repeat": "counts that become rows of the audit; nobody reads them",
    "procurify.audit.seal": "digests and numbers of rows, for administrators only",
    "procurify.certify": "a dialog: one's own rows only",
    "procurify.comparison": "a dialog: one's own rows only",
    "procurify.idempotency": "answers to one's own calls only",
    "procurify.ignore": "a dialog: one's own rows only",
    "procurify.support": "a dialog: one's own rows only",
}
# How the rows of a company are found.
COMPANY_OF = {
    "procurify.audit": "company_ref",
    "procurify.certificate": "company_ref",
    "procurify.certificate.line": "company_ref",
    "procurify.certificate.sum": "company_ref",
    "procurify.connection": "company_id",
    "procurify.healing": "connection_id.company_id",
    "procurify.mention": "document_id.company_id",
    "procurify.route": "connection_id.company_id",
    "procurify.version": "record_id.company_id",
}
# Public methods that do something to rows, with what they need besides.
ATTACKS = {
    "procurify.accrual": {"action_open_document": {}},
    "procurify.attachment": {"action_retry": {}, "action_open_document": {}},
    "procurify.audit": {"action_open_subject": {}},
    "procurify.issue": {
        "action_create_missing": {},
        "action_map": {},
        "action_open_records": {},
        "action_resolve": {"res_id": 1},
        "message_post": {"body": "Hello"},
    },
    "procurify.certificate": {
        "action_open_lines": {},
        "action_spreadsheet": {},
        "action_verify": {},
    },
    "procurify.certificate.line": {"action_open_document": {}},
    "procurify.certificate.sum": {"action_open_lines": {}},
    "procurify.connection": {
        "action_accept_suggestions": {},
        "action_choose_plans": {},
        "action_create_integration_user": {},
        "action_dry_run": {},
        "action_dry_run_master_data": {},
        "action_enable_analytic_accounting": {},
        "action_follow_reading": {},
        "action_open_audit": {},
        "action_open_issue": {},
        "action_open_dashboard": {},
        "action_open_records": {},
        "action_pause": {},
        "action_preview_missing": {},
        "action_replay_held": {},
        "action_resume": {},
        "action_rotate_key": {},
        "action_set_up": {},
        "action_setup_back": {},
        "action_setup_next": {},
        "action_switch_on": {},
        "action_sync_now": {},
        "action_test_connection": {},
        "action_test_target": {},
        "action_verify_audit": {},
    },
    "procurify.creation": {"action_create": {}, "action_undo": {}},
    "procurify.record": {
        "action_accept_suggestion": {},
        "action_accept_suggestions": {},
        "action_adopt": {},
        "action_create_missing": {},
        "action_credit_and_rebill": {},
        "action_ignore": {"reason": "mine"},
        "action_import_again": {},
        "action_keep_odoo": {},
        "action_map_to": {"res_id": 1},
        "action_not_a_duplicate": {},
        "action_open_dispatches": {},
        "action_open_documents": {},
        "action_open_in_procurify": {},
        "action_open_target": {},
        "action_preview_missing": {},
        "action_reapply": {},
        "action_replay": {},
        "action_reset_and_update": {},
        "action_reverse": {},
    },
    "procurify.custom.field": {"action_reapply": {}},
    "procurify.finding": {"action_confirm": {}},
    "procurify.dry.run": {"action_step": {}},
    "procurify.share": {"action_open_document": {}},
    "procurify.spend": {"action_open_bill": {}},
    "procurify.payable": {"action_open_bill": {}},
    "procurify.cycle": {"action_open_bill": {}},
    "procurify.reminder": {"action_open_document": {}},
    "procurify.signal": {"action_check": {}, "action_open_document": {}},
    "procurify.dry.run.issue": {"action_map": {}, "action_open_place": {}},
    "procurify.stream": {"action_read_again": {}, "action_nightly_check": {}},
    "procurify.dispatch": {"action_open_here": {}},
    "procurify.target": {
        "action_open_dispatches": {},
        "action_open_lost": {},
        "action_open_mirror": {},
        "action_probe": {},
        "action_send_again": {},
        "action_take_for_deleted": {},
    },
    "procurify.version": {"action_compare": {}, "action_replay": {}},
}
WRITES = {
    "procurify.issue": [{"reference_res_id": 1}, {"user_id": 1}],
    "procurify.connection": [{"active": False}, {"client_secret": "mine"}],
    "procurify.record": [
        {"res_id": 1},
        {"target_name": "6200"},
        {"responsible_id": 1},
    ],
    "procurify.custom.field": [{"plan_id": False}, {"policy": "create"}],
    "procurify.route": [{"location_id": False}],
    "procurify.stream": [{"active": False}, {"interval_minutes": 1}],
    "procurify.target": [{"url": "https://mine.example"}, {"api_key": "mine"}],
}


@tagged("post_install", "-at_install", "procurify")
class TestAccess(ProcurifyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.setup_other_company()["company"]
        cls.reviewer, cls.manager = (
            new_test_user(
                cls.env,
                f"attacking_{role}",
                groups=f"procurify_connector.group_{role},base.group_allow_export,"
                "account.group_account_user",
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )
            for role in ("user", "manager")
        )

    def test_every_model_has_rights_and_a_rule_or_a_reason(self):
        rules = self.env["ir.rule"].sudo().search([("active", "=", True)])
        rights = self.env["ir.model.access"].sudo().search([("active", "=", True)])
        self.assertLessEqual(
            set(self._models()), set(rights.mapped("model_id.model")), "rights"
        )
        ruled = {
            rule.model_id.model
            for rule in rules
            if "company" in (rule.domain_force or "")
        }
        self.assertEqual(set(self._models()) - ruled, set(WITHOUT_COMPANY_RULE))
        # Nobody else than Procurify's groups, be it with their own rows only.
        groups = self.env.ref("procurify_connector.group_user")
        groups |= self.env.ref("procurify_connector.group_manager")
        mine = rights.filtered(lambda right: right.model_id.model in self._models())
        self.assertLessEqual(mine.group_id, groups)
        self.assertTrue(all(mine.mapped("group_id")))

    def test_nothing_of_another_company_is_seen_or_done(self):
        rows = self._rows_of_their_company()
        for user in (self.reviewer, self.manager):
            for model, theirs in rows.items():
                with self.subTest(user=user.login, model=model):
                    self._assert_invisible(theirs.with_user(user))
        before = self._snapshot(rows)
        contexts = (
            {},
            {"allowed_company_ids": self.theirs.ids},
            {"active_test": False, "default_company_id": self.theirs.id},
        )
        for user, context in product((self.reviewer, self.manager), contexts):
            for model, name, attack in self._attacks():
                target = rows[model][:1].with_user(user).with_context(**context)
                with (
                    self.subTest(user=user.login, attack=name, context=context),
                    self.assertRaises(AccessError),
                ):
                    attack(target)
        self.assertEqual(self._snapshot(rows), before)

    def test_attacks_name_every_public_method(self):
        """A method that is added is attacked, or it is a choice of one's own dialog."""
        for model in self._models():
            with self.subTest(model=model):
                own = {
                    name
                    for cls in type(self.env[model]).mro()
                    if cls.__module__.startswith("odoo.addons.procurify_connector.")
                    for name in vars(cls)
                    if name.startswith("action_")
                }
                own -= {"action_verify_audit"} if model == "procurify.audit" else set()
                if model not in WITHOUT_COMPANY_RULE:
                    self.assertLessEqual(own, set(ATTACKS.get(model, ())))

    def test_nothing_is_moved_to_another_company(self):
        # Only who may name the integration user changes rules for locations.
        self.connection.user_id = self.manager
        mine = self.connection.with_user(self.manager)
        other = self._connect(company_id=self.theirs.id)
        route = mine.env["procurify.route"].create(
            {"connection_id": mine.id, "company_id": self.company.id}
        )
        stream = mine.stream_ids[:1]
        other.stream_ids.filtered(
            lambda s: s.resource == stream.resource
        ).sudo().unlink()
        for record, values in (
            (mine, {"company_id": self.theirs.id}),
            (stream, {"connection_id": other.id}),
            (route, {"connection_id": other.id}),
        ):
            with self.subTest(model=record._name), self.assertRaises(AccessError):
                record.write(values)
        for model, values in (
            ("procurify.connection", {"company_id": self.theirs.id}),
            (
                "procurify.route",
                {"connection_id": other.id, "company_id": self.company.id},
            ),
        ):
            with self.subTest(model=model), self.assertRaises(AccessError):
                mine.copy(values) if model == mine._name else mine.env[model].create(
                    values
                )

    def test_documents_and_their_details_point_where_they_were_booked(self):
        self.dataset.add_bill("plain")
        self._synchronise()
        for resource in ("bill", "purchase_order", "order_item"):
            with self.subTest(resource=resource):
                record = self._records(resource)[:1].with_user(self.reviewer)
                self.assertTrue(record)
                for values in (
                    {"res_id": 1},
                    {"res_model": "res.users", "res_id": 1},
                    {"res_id": False},
                ):
                    with self.assertRaises(UserError):
                        record.write(values)

    def test_address_of_a_tenant_gives_no_say_in_its_documents(self):
        """Who merely names a tenant's address takes no document of others away."""
        self._fetch()
        intruder = self._connect(company_id=self.theirs.id, client_secret="guessed")
        route = self.env["procurify.route"].create(
            {"connection_id": intruder.id, "company_id": self.theirs.id}
        )
        self.assertFalse(self.connection._tenant_routes())
        self.assertEqual(intruder._tenant_routes(), route)

        # With the tenant's own credentials it has.
        intruder.client_secret = self.simulator.client_secret
        intruder.action_test_connection()
        self.assertEqual(self.connection._tenant_routes(), route)

    def test_dialogs_are_one_s_own(self):
        self.dataset.add_bill("plain")
        self._fetch()
        ignore = (
            self.env["procurify.ignore"]
            .with_user(self.manager)
            .create({"record_ids": self._records("bill").ids, "reason": "Secret"})
        )
        with self.assertRaises(AccessError):
            ignore.with_user(self.reviewer).read(["reason"])

    # === HELPERS === #

    def _models(self):
        return sorted(
            name
            for name, model in self.env.registry.items()
            if name.startswith("procurify.") and not model._abstract
        )

    def _rows_of_their_company(self):
        """Return {model: rows of the other company}, for each model that has a rule."""
        connection = self._connect(
            company_id=self.theirs.id, department_plan_id=False, location_plan_id=False
        )
        bill_id = self.dataset.add_bill("plain")
        self._fetch()
        self.dataset.revise_bill(bill_id, note="Another version")
        self._fetch()
        self._run_cron("ir_cron_import")
        env = connection.sudo().env
        bill = env["procurify.record"].search(
            [("connection_id", "=", connection.id), ("resource", "=", "bill")]
        )
        env["procurify.attachment"].create(
            {"record_id": bill.id, "external_id": "1", "name": "Theirs", "url": "x"}
        )
        env["procurify.reminder"].create(
            {"record_id": bill.id, "user_id": self.env.uid, "reason": "due"}
        )
        env["procurify.signal"].create(
            {"record_id": bill.id, "code": "first_bill", "key": "1"}
        )
        env["procurify.route"].create(
            {"connection_id": connection.id, "company_id": self.theirs.id}
        )
        env["procurify.custom.field"].create(
            {"connection_id": connection.id, "field_number": 1, "name": "Project"}
        )
        env["procurify.alarm"].create(
            {"connection_id": connection.id, "code": "not_read"}
        )
        env["procurify.link"].create(
            {
                "company_id": self.theirs.id,
                "tenant": "theirs",
                "resource": "bill",
                "external_id": "1",
                "res_model": "account.move",
                "res_id": 1,
            }
        )
        target = env["procurify.target"].create(
            {
                "company_id": self.theirs.id,
                "url": "https://theirs.example",
                "database": "theirs",
                "login": "theirs",
            }
        )
        env["procurify.mirror"].create(
            {"target_id": target.id, "kind": "account", "remote_id": 1}
        )
        env["procurify.dispatch"].create(
            {
                "target_id": target.id,
                "connection_id": connection.id,
                "res_model": "account.move",
                "res_id": 1,
                "external_id": "theirs",
            }
        )
        env["procurify.certificate"]._certify(connection, "1990-01-01", "2100-01-01")
        # What is requested is committed.
        product = env.ref("procurify_connector.product_generic")
        line = {"product_id": product.id, "product_qty": 1, "price_unit": 10}
        env["purchase.order"].create(
            {
                "company_id": self.theirs.id,
                "partner_id": env.user.partner_id.id,
                "order_line": [Command.create(line)],
            }
        )
        # What is posted is spent, owed, and took its time.
        line = {"product_id": product.id, "price_unit": 10, "tax_ids": []}
        move = (
            env["account.move"]
            .with_company(self.theirs)
            .create(
                {
                    "move_type": "in_invoice",
                    "partner_id": env.user.partner_id.id,
                    "invoice_date": "2026-03-10",
                    "invoice_line_ids": [Command.create(line)],
                }
            )
        )
        move.action_post()
        env["procurify.record"].create(
            {
                "connection_id": connection.id,
                "resource": "bill",
                "external_id": "posted",
                "res_model": "account.move",
                "res_id": move.id,
            }
        )
        creation = env["procurify.creation"].create({"company_id": self.theirs.id})
        env["procurify.creation.line"].create(
            {"creation_id": creation.id, "record_id": bill.id}
        )
        dry_run = env["procurify.dry.run"].create(
            {"connection_id": connection.id, "scope": "all"}
        )
        env["procurify.dry.run.issue"].create({"dry_run_id": dry_run.id})
        line = env["procurify.dry.run.line"].create({"dry_run_id": dry_run.id})
        env["procurify.dry.run.item"].create({"line_id": line.id})
        env.flush_all()
        rows = {}
        for model in set(self._models()) - set(WITHOUT_COMPANY_RULE):
            path = COMPANY_OF.get(model, "company_id")
            found = env[model].search([(path, "=", self.theirs.id)])
            self.assertTrue(found, model)
            rows[model] = found.with_env(self.env)
        # The document first: that is what an attacker is after.
        rows["procurify.record"] = (bill | rows["procurify.record"]).with_env(self.env)
        return rows

    def _assert_invisible(self, rows):
        model = rows.browse()
        if model.has_access("read"):
            for context in ({}, {"active_test": False}):
                found = model.with_context(**context).search([("id", "in", rows.ids)])
                self.assertFalse(found)
        for attempt in (
            lambda: rows[:1].read(),
            lambda: rows[:1].read(["display_name"]),
            lambda: rows[:1].export_data(["display_name"]),
            lambda: rows[:1].copy_data(),
            lambda: model.with_context(allowed_company_ids=self.theirs.ids).search([]),
        ):
            with self.assertRaises(AccessError):
                attempt()

    def _attacks(self):
        """Return (model, name, function that attacks a row) tuples."""
        return [
            (model, name, partial(getattr(type(self.env[model]), name), **values))
            for model, methods in ATTACKS.items()
            for name, values in methods.items()
        ] + [
            (
                model,
                f"write {values}",
                partial(type(self.env[model]).write, vals=values),
            )
            for model, attempts in WRITES.items()
            for values in attempts
        ]

    def _snapshot(self, rows):
        self.env.flush_all()
        self.env.invalidate_all()
        return {
            name: records.sudo().read(["write_date"] if "write_date" in records else [])
            for name, records in rows.items()
        }
