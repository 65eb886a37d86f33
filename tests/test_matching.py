"""A link needs two witnesses; what is only alike is a question, never a twin."""

from odoo.tests import new_test_user, tagged

from odoo.addons.procurify_connector.importers.resource_kinds import PAYLOADS

from .common import ProcurifyCommon

REGULAR = 4


class MatchingCommon(ProcurifyCommon):
    master_data_ready = True

    def setUp(self):
        super().setUp()
        self.partners = self.env["res.partner"]
        self.connection.vendor_policy = "create"
        self.next_id = 900000

    def _import_objects(self, resource, *objects):
        """Stage ``objects`` as a list gives them, and import them in one batch."""
        mentioned = {}
        for data in objects:
            self.next_id += 1
            data = {"id": self.next_id} | data
            payload = PAYLOADS[resource].from_json(data)
            mentioned[resource, payload.external_id] = (data, payload)
        staged = self.env["procurify.record"]._stage_mentioned(
            self.connection, mentioned
        )
        records = self._records(resource).browse(r.id for r in staged.values())
        records.sudo()._import()
        return records

    def _vendor(self, name, **values):
        return self._import_objects("vendor", _vendor(name, **values))

    def _assert_question(self, record, *targets):
        """``record`` is on hold as ambiguous, and names each of ``targets``."""
        self.assertEqual(record.state, "quarantined", record.res_id)
        self.assertFalse(record.res_id)
        [issue] = record.issue_ids
        codes = {"vendor": "ambiguous_vendor", "catalog_item": "ambiguous_product"}
        self.assertEqual(issue.code, codes[record.resource])
        for target in targets:
            self.assertIn(target.display_name, issue.message)

    def _assert_made(self, record):
        self.assertEqual((record.state, record.origin), ("done", "created"))

    def _assert_linked(self, record, target):
        self.assertEqual(record.hold_reason or "", "")
        self.assertEqual((record.state, record.origin), ("done", "matched"))
        self.assertEqual(record.res_id, target.id)


def _vendor(name, **values):
    return {"name": name, "type": REGULAR, "active": True, **values}


@tagged("post_install", "-at_install", "procurify")
class TestMatchingVendors(MatchingCommon):
    # === A1: WHO IS NO VENDOR === #

    def test_vendor_with_the_company_s_own_mailbox_gets_a_contact_of_its_own(self):
        own = self.company.partner_id
        own.email = "purchasing@own.example"
        mailbox = {"email": ["purchasing@own.example"]}

        first = self._vendor("Nordic Steel Ltd", **mailbox)
        second = self._vendor("Baltic Timber", **mailbox)

        for record in (first, second):
            self._assert_made(record)
            self.assertNotEqual(record.res_id, own.id)
        self.assertNotEqual(first.res_id, second.res_id)

    def test_vendor_with_a_user_s_mailbox_is_on_hold_where_nothing_is_created(self):
        self.connection.vendor_policy = "hold"
        for login, group in (
            ("buyer", "base.group_user"),
            ("guest", "base.group_portal"),
        ):
            user = new_test_user(self.env, login, groups=group)
            user.partner_id.email = f"{login}@own.example"

            record = self._vendor(f"Works of {login}", email=[user.partner_id.email])

            self.assertEqual(self._codes(record), {"unknown_vendor"})
            self.assertFalse(record.res_id)

    def test_name_of_another_company_or_of_a_user_is_a_question(self):
        other = self.setup_other_company()["company"]
        other.partner_id.company_id = False
        user = new_test_user(self.env, "anna", groups="base.group_portal")
        user.partner_id.write({"name": "Anna Anvils", "ref": "V-77"})

        company = self._vendor(other.name)
        person = self._vendor("Anna Anvils", external_id="V-77")

        self._assert_question(company, other.partner_id)
        self._assert_question(person, user.partner_id)

    def test_earlier_link_to_an_own_contact_is_asked_about_again(self):
        own, buyer = self.company.partner_id, self.env.user.partner_id
        portal = new_test_user(self.env, "guest", groups="base.group_portal").partner_id
        for partner, origin, state in (
            (own, "matched", "quarantined"),
            (buyer, "matched", "quarantined"),
            (portal, "matched", "done"),
            (own, "manual", "done"),
        ):
            with self.subTest(partner=partner.name, origin=origin):
                record = self._vendor(f"Works of {partner.name} {origin}")
                record.sudo().write({"res_id": partner.id, "origin": origin})

                record.action_replay()

                self.assertEqual(record.state, state)

    # === A2, A3: A KEY ALONE === #

    def test_reference_of_somebody_else_is_a_question(self):
        customer = self.partners.create({"name": "Smith & Sons", "ref": "1001"})

        record = self._vendor("Nordic Steel Ltd", external_id="1001")

        self._assert_question(record, customer)
        self.assertIn("same code", record.hold_reason)

    def test_mailbox_of_somebody_else_is_a_question(self):
        other = self.partners.create({"name": "Agency", "email": "Sales@x.example"})

        record = self._vendor("Nordic Steel Ltd", email=["sales@x.example"])

        self._assert_question(record, other)

    def test_reference_and_mailbox_of_different_contacts_are_both_shown(self):
        one = self.partners.create({"name": "Smith & Sons", "ref": "1001"})
        two = self.partners.create({"name": "Agency", "email": "sales@x.example"})

        record = self._vendor(
            "Nordic Steel Ltd", external_id="1001", email=["sales@x.example"]
        )

        self._assert_question(record, one, two)

    def test_exact_name_wins_over_the_reference_of_somebody_else(self):
        self.partners.create({"name": "Smith & Sons", "ref": "1001"})
        supplier = self.partners.create({"name": "Nordic Steel Ltd"})

        record = self._vendor("Nordic Steel Ltd", external_id="1001")

        self._assert_linked(record, supplier)

    def test_spelled_name_against_the_reference_of_somebody_else_is_a_question(self):
        customer = self.partners.create({"name": "Smith & Sons", "ref": "1001"})
        supplier = self.partners.create({"name": "NORDIC STEEL, Ltd."})

        record = self._vendor("Nordic Steel Ltd", external_id="1001")

        self._assert_question(record, customer, supplier)

    def test_reference_distinguishes_namesakes(self):
        one, two = self.partners.create(
            [{"name": "Nordic Steel", "ref": ref} for ref in ("K1", "K2")]
        )
        first, second = self._import_objects(
            "vendor",
            _vendor("Nordic Steel Ltd", external_id="K1"),
            _vendor("Nordic Steel Ltd", external_id="K2"),
        )

        self._assert_linked(first, one)
        self._assert_linked(second, two)

    # === A4: NAMES === #

    def test_punctuation_case_accents_and_legal_forms_do_not_part_names(self):
        for theirs, ours in (
            ("Nordic Steel Ltd", "Nordic Steel, Ltd."),
            ("Atelier Beausejour SARL", "ATELIER BEAUSÉJOUR, S.A.R.L."),
            ("Mueller & Soehne GmbH", "Müller und Söhne"),
            ("Blue Gum Fencing Pty Ltd", "Blue Gum Fencing Pty. Limited"),
            ("Orsted Strom", "Ørsted Strøm ApS"),
            ("Sta\u0308hl Straße", "STÄHL-STRASSE"),
            ("Львів Сталь", "ЛЬВІВ «СТАЛЬ»"),
            ("三河精密工業", "三河精密・工業"),
        ):
            with self.subTest(theirs):
                partner = self.partners.create({"name": ours})
                count = self.partners.search_count([])

                record = self._vendor(theirs)

                self._assert_linked(record, partner)
                self.assertEqual(self.partners.search_count([]), count)

    def test_similar_contact_is_never_given_a_twin(self):
        for theirs, ours in (
            ("Nordic Stell Works Ltd", "Nordic Steel Works Ltd"),
            ("Pacific Castings", "Castings Pacific"),
            ("Granite Quarries Canada", "Granite Quarries"),
            ("Harbour Cranes GmbH", "Harbour Cranes Ltd"),
        ):
            with self.subTest(theirs):
                partner = self.partners.create({"name": ours})

                record = self._vendor(theirs)

                self._assert_question(record, partner)

    def test_numbers_and_other_names_part_vendors(self):
        self.partners.create([{"name": "Depot 12 Logistics"}, {"name": "Alder Works"}])

        for name in ("Depot 14 Logistics", "Alder Bolts"):
            self._assert_made(self._vendor(name))

    def test_archived_contact_and_branch_of_another_one_are_questions(self):
        archived = self.partners.create({"name": "Old Mill", "active": False})
        group = self.partners.create({"name": "Holding", "is_company": True})
        branch = self.partners.create(
            {"name": "Elm Branch", "is_company": True, "parent_id": group.id}
        )

        self._assert_question(self._vendor("Old Mill Inc."), archived)
        self._assert_question(self._vendor("Elm Branch"), branch)

    def test_archived_namesake_does_not_stand_in_the_way(self):
        self.partners.create({"name": "Old Mill", "active": False})
        partner = self.partners.create({"name": "Old Mill"})

        self._assert_linked(self._vendor("Old Mill"), partner)

    def test_mailbox_of_a_person_speaks_for_the_person_s_company(self):
        works, _namesake = self.partners.create(
            [{"name": "Nordic Steel", "is_company": True} for _number in range(2)]
        )
        self.partners.create(
            {"name": "Anna", "parent_id": works.id, "email": "anna@nordic.example"}
        )

        record = self._vendor("Nordic Steel Ltd", email=["anna@nordic.example"])

        self._assert_linked(record, works)

    def test_two_vendors_of_a_batch_that_fit_one_contact_are_both_questions(self):
        partner = self.partners.create({"name": "Nordic Steel"})

        records = self._import_objects(
            "vendor", _vendor("Nordic Steel Ltd"), _vendor("NORDIC STEEL")
        )

        for record in records:
            self._assert_question(record, partner)

    def test_two_vendors_of_one_name_that_odoo_does_not_know_are_questions(self):
        records = self._import_objects(
            "vendor", _vendor("Nordic Steel Ltd"), _vendor("Nordic Steel, Ltd.")
        )

        for record in records:
            self._assert_question(record)

    def test_similar_contact_of_another_vendor_is_no_question(self):
        """Procurify distinguishes the two, whichever of them is read first."""
        partner = self.partners.create({"name": "Granite Quarries"})
        canada, quarries = self._import_objects(
            "vendor", _vendor("Granite Quarries Canada"), _vendor("Granite Quarries")
        )

        self._assert_made(canada)
        self._assert_linked(quarries, partner)
        self._assert_made(self._vendor("Granite Quarries Norway"))

    def test_name_of_fifty_thousand_letters_is_compared(self):
        """Mapping, issues, ``explain`` and ``propose`` look at it."""
        self.connection.vendor_policy = "hold"
        record = self._vendor("x" * 50_000)
        item = self._import_objects(
            "catalog_item", {"name": "y" * 50_000, "internalSKU": "z" * 50_000}
        )

        self.assertEqual(self._codes(record), {"unknown_vendor"})
        self.partners.create({"name": "x" * 40_000 + "y"})
        self.assertTrue(record.candidates)
        self.assertTrue(record.issue_ids.propose()[0]["candidates"])
        self.assertTrue(record.explain())
        self.assertEqual(item.state, "done")

    # === SETS === #

    def test_vendors_are_matched_as_sets(self):
        self.connection.vendor_policy = "hold"
        self.partners.create(
            [{"name": f"Quarry {n}", "ref": f"Q{n}"} for n in range(9)]
        )

        def queries(numbers):
            self.env.flush_all()
            vendors = [_vendor(f"Quarry {n}", external_id=f"Q{n}") for n in numbers]
            payloads = [PAYLOADS["vendor"].from_json({"id": 1, **v}) for v in vendors]
            records = self._records("vendor")[: len(payloads)]
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            verdicts = self.partners._procurify_decide(
                records, dict(zip(records, payloads, strict=True))
            )
            self.assertEqual(len(verdicts), len(payloads))
            return self.env.cr.sql_log_count - before

        queries(range(1))  # what anybody's first look reads
        self.assertEqual(queries(range(2)), queries(range(9)))

    # === WHAT IS SHOWN === #

    def test_reasons_stand_with_the_suggestion_and_in_the_audit(self):
        self.connection.vendor_policy = "hold"
        held = self._vendor("Granite Quarries", external_id="G-1")
        partner = self.partners.create({"name": "Granite Quarries", "ref": "G-1"})

        self.assertIn("same code, same name", held.suggestion)
        [best, *_others] = held.candidates
        self.assertEqual(best["res_id"], partner.id)
        self.assertEqual(best["reasons"], ["same_code", "same_name"])

        held.sudo()._import()

        self._assert_linked(held, partner)
        row = held.audit_ids.filtered(lambda r: r.event == "imported")[0]
        self.assertEqual(row.reason, "same code, same name")
        self.assertEqual(row.after["evidence"], ["same_code", "same_name"])

    def test_key_alone_is_suggested_and_not_accepted(self):
        customer = self.partners.create({"name": "Smith & Sons", "ref": "1001"})
        record = self._vendor("Nordic Steel Ltd", external_id="1001")

        self.assertIn("same code", record.suggestion)
        record.action_accept_suggestions()

        self.assertFalse(record.res_id)
        record.action_map_to(customer.id)
        self.assertEqual((record.state, record.res_id), ("done", customer.id))


@tagged("post_install", "-at_install", "procurify")
class TestMatchingDocuments(MatchingCommon):
    """What is booked, and on whom."""

    def test_bill_and_order_of_a_vendor_with_the_own_mailbox_are_not_on_the_own_company(
        self,
    ):
        own = self.company.partner_id
        own.email = "purchasing@own.example"
        self.connection.bill_policy = "posted"
        order_id = self.dataset.add_order("plain")
        bill_id = self.dataset.bill_order(order_id)
        vendor_id = self.dataset.bill(bill_id).vendor_id
        self._forget_vendor(vendor_id)
        self.dataset._change_vendor(
            vendor_id, name="Nordic Steel Ltd", email=own.email, external_id=None
        )

        self._synchronise()

        move = self._move(bill_id)
        self.assertEqual(move.partner_id.name, "Nordic Steel Ltd")
        self.assertNotEqual(move.partner_id, own)
        order = self.env["purchase.order"].browse(
            self._record("purchase_order", order_id).res_id
        )
        self.assertEqual(order.partner_id, move.partner_id)

    def test_bill_that_odoo_has_under_another_spelling_is_not_booked_twice(self):
        partner = self.partners.create({"name": "Nordic Steel, Ltd."})
        bill_id = self.dataset.add_bill("plain")
        bill = self.dataset.bill(bill_id)
        self._forget_vendor(bill.vendor_id)
        self.dataset.rename_vendor(bill.vendor_id, "Nordic Steel Ltd")
        existing = self.init_invoice(
            "in_invoice", partner=partner, amounts=[100.0], post=False
        )
        existing.ref = bill.invoice_number
        existing.action_post()
        count = self.partners.search_count([])

        self._synchronise()

        self.assertEqual(self.partners.search_count([]), count, "no second contact")
        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"duplicate_bill"})
        self.assertFalse(record.res_id)

    def test_bill_of_a_vendor_that_is_a_question_waits_and_follows_the_answer(self):
        customer = self.partners.create({"name": "Smith & Sons", "ref": "1001"})
        bill_id = self.dataset.add_bill("plain")
        vendor_id = self.dataset.bill(bill_id).vendor_id
        self._forget_vendor(vendor_id)
        self.dataset._change_vendor(
            vendor_id, name="Nordic Steel Ltd", email=None, external_id="1001"
        )
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"ambiguous_vendor"})
        self.assertIn("Smith & Sons", record.hold_reason)

        record.issue_ids.action_create_missing()

        partner = self._move(bill_id).partner_id
        self.assertEqual((partner.name, partner.ref), ("Nordic Steel Ltd", "1001"))
        self.assertNotEqual(partner, customer)

    def test_order_of_an_item_with_the_code_of_another_product_is_not_on_that(self):
        item = self.dataset.add_catalog_item("Titanium bolt M8", sku="1000")
        other = self.env["product.product"].create(
            {"name": "Consulting hour", "default_code": "1000", "type": "service"}
        )
        order_id = self.dataset.add_order("plain")
        self.dataset.revise_order(order_id, catalog_item=item, unit="each")
        self._synchronise()
        record = self._record("purchase_order", order_id)
        self.assertEqual(self._codes(record), {"ambiguous_product"})
        self.assertIn("Consulting hour", record.hold_reason)
        self.assertFalse(record.res_id)

        record.issue_ids.action_create_missing()

        self.assertEqual(record.state, "done", record.hold_reason)
        order = self.env["purchase.order"].browse(record.res_id)
        product = order.order_line[0].product_id
        self.assertEqual(product.name, "Titanium bolt M8")
        self.assertNotEqual(product, other)

    def _forget_vendor(self, vendor_id):
        record = self._record("vendor", vendor_id).sudo()
        self.partners.browse(record.res_id).write(
            {"name": "Formerly", "ref": False, "email": False, "active": False}
        )
        record.write({"res_id": False, "origin": False, "state": "pending"})


@tagged("post_install", "-at_install", "procurify")
class TestMatchingOthers(MatchingCommon):
    # === A5: PRODUCTS === #

    def test_code_of_another_product_is_a_question(self):
        product = self._product("Consulting hour", "1000", type="service")

        record = self._item("Titanium bolt M8", "1000")

        self._assert_question(record, product)

    def test_code_and_name_link_a_product(self):
        product = self._product("Titanium Bolt, M8", "1000")

        self._assert_linked(self._item("Titanium bolt M8", "1000"), product)

    def test_code_that_was_linked_before_links_under_another_name(self):
        product = self._product("Titanium bolt M8", "1000")
        self._assert_linked(self._item("Titanium bolt M8", "1000"), product)

        self._assert_linked(self._item("Bolt of titanium, box", "1000"), product)

    def test_code_and_barcode_link_a_product(self):
        product = self._product("Bolts", "40011", barcode="40011")

        self._assert_linked(self._item("Titanium bolt M8", "40011"), product)

    def test_barcode_alone_is_a_question(self):
        product = self._product("Bolts", False, barcode="40011")

        self._assert_question(self._item("Titanium bolt M8", "40011"), product)

    def test_only_name_links_a_product_without_code(self):
        product = self._product("Titanium bolt M8", False)

        self._assert_linked(self._item("Titanium bolt M8", "1000"), product)

    def test_name_with_another_code_is_a_question(self):
        product = self._product("Titanium bolt M8", "2000")

        self._assert_question(self._item("Titanium bolt M8", "1000"), product)

    def test_sizes_are_products_of_their_own(self):
        self._product("Titanium bolt M8", "1008")

        record = self._item("Titanium bolt M10", "1010")

        self._assert_made(record)

    def test_who_books_on_the_generic_product_is_asked_nothing(self):
        self.connection.product_policy = "generic"
        self._product("Consulting hour", "1000", type="service")

        record = self._item("Titanium bolt M8", "1000")

        self.assertEqual(record.state, "excluded")

    # === A6: PLANS === #

    def test_department_matches_only_in_the_plan_that_is_chosen(self):
        projects = self.env["account.analytic.plan"].create({"name": "Projects"})
        account = self._centre("Launch 2026", projects)
        location = self._centre("Annex", projects, code="AN")
        for plan in (self.plans["department"], False):
            for policy in ("hold", "create"):
                with self.subTest(plan=plan, policy=policy):
                    self.connection.write(
                        {
                            "department_plan_id": plan and plan.id,
                            "department_policy": policy,
                        }
                    )
                    record = self._import_objects(
                        "department", {"name": "Launch 2026", "active": True}
                    )

                    if plan and policy == "create":
                        self._assert_made(record)
                        record.sudo().state = "ignored"
                        made = account.browse(record.res_id)
                        self.assertEqual(made.plan_id, plan)
                        made.name = "Formerly"
                    else:
                        self.assertEqual(self._codes(record), {"unknown_department"})
                        self.assertFalse(record.res_id)
                        record.action_ignore("tried")
        annex = self._import_objects(
            "location", {"name": "Annex", "external_id": "AN", "active": True}
        )
        self.assertEqual(self._codes(annex), {"unknown_location"})
        self.assertNotEqual(annex.res_id, location.id)

    def test_code_of_another_department_is_a_question(self):
        self._centre("Marketing", self.plans["department"], code="D-77")
        self.connection.department_policy = "create"

        record = self._import_objects(
            "department", {"name": "Foundry", "external_id": "D-77", "active": True}
        )

        self.assertEqual(self._codes(record), {"unknown_department"})

    def test_archived_account_of_a_department_gets_no_twin(self):
        self._centre("Foundry", self.plans["department"], active=False)
        self.connection.department_policy = "create"

        record = self._import_objects("department", {"name": "Foundry", "active": True})

        self.assertEqual(self._codes(record), {"unknown_department"})

    # === A7: TAXES === #

    def test_rate_alone_is_no_witness_of_a_tax(self):
        levy = self._tax("Levy, not recoverable", 11)

        record = self._import_tax("VAT standard 11 %", "11")

        self.assertEqual(self._codes(record), {"unknown_tax"})
        [row] = [row for row in record.candidates if row["res_id"] == levy.id]
        self.assertEqual(row["reasons"], ["same_rate"])
        record.action_accept_suggestions()
        self.assertFalse(record.res_id)

    def test_name_and_rate_link_a_tax(self):
        self._tax("Levy, not recoverable", 11)
        tax = self._tax("11% VAT Standard", 11)

        self._assert_linked(self._import_tax("VAT standard 11 %", "11"), tax)

    def test_name_that_is_only_a_rate_is_no_witness(self):
        self._tax("11%", 11)

        record = self._import_tax("11 %", "11")

        self.assertEqual(self._codes(record), {"unknown_tax"})

    def test_name_of_another_rate_is_not_linked(self):
        self._tax("Harbour dues", 11)

        record = self._import_tax("Harbour dues", "12")

        self.assertEqual(self._codes(record), {"unknown_tax"})

    def test_tax_of_a_foreign_registration_is_not_linked(self):
        country = self.env["res.country"].search(
            [("id", "!=", self.company.account_fiscal_country_id.id)], limit=1
        )
        self.env["account.tax.group"].create(
            {"name": "Foreign", "country_id": country.id}
        )
        foreign = self._tax("Harbour dues", 11, country_id=country.id)

        record = self._import_tax("Harbour dues", "11")

        self.assertEqual(self._codes(record), {"unknown_tax"})
        [row] = [row for row in record.candidates if row["res_id"] == foreign.id]
        self.assertIn("other_country", row["reasons"])

    def test_group_of_taxes_is_suggested_by_the_sum_of_its_rates(self):
        parts = self._tax("GST part", 5) | self._tax("PST part", 7)
        group = self._tax(
            "GST and PST",
            0,
            amount_type="group",
            children_tax_ids=[(6, 0, parts.ids)],
        )

        record = self._import_tax("Sales tax of the province", "12")

        self.assertEqual(self._codes(record), {"unknown_tax"})
        self.assertIn(group.id, [row["res_id"] for row in record.candidates])

    # === ACCOUNTS === #

    def test_same_number_of_another_kind_of_account_is_not_linked(self):
        account = self._account("4711", name="Sales", account_type="income")

        record = self._import_objects(
            "account_code",
            {"code": "4711", "description": "Office supplies", "account_type": 2},
        )

        self.assertEqual(self._codes(record), {"unknown_account"})
        self.assertIn(account.display_name, record.hold_reason)

    def test_account_that_agrees_in_name_or_kind_is_linked(self):
        for code, name, kind in (
            ("4711", "Office supplies", "income"),
            ("4712", "Tools", "asset_fixed"),
        ):
            account = self._account(code, name=name, account_type=kind)

            record = self._import_objects(
                "account_code",
                {"code": code, "description": "Office supplies", "account_type": 2},
            )

            self._assert_linked(record, account)

    # === HELPERS === #

    def _item(self, name, sku):
        return self._import_objects("catalog_item", {"name": name, "internalSKU": sku})

    def _product(self, name, code, **values):
        return self.env["product.product"].create(
            {"name": name, "default_code": code, **values}
        )

    def _centre(self, name, plan, **values):
        return self.env["account.analytic.account"].create(
            {"name": name, "plan_id": plan.id, **values}
        )

    def _tax(self, name, rate, **values):
        return self.env["account.tax"].create(
            {"name": name, "amount": rate, "type_tax_use": "purchase", **values}
        )

    def _import_tax(self, name, rate):
        return self._import_objects(
            "tax", {"name": name, "percentage": rate, "inclusive": False}
        )
