"""Values of each record's own are written as ``write`` writes them."""

from odoo.tests import tagged

from odoo.addons.procurify_connector.tools.own_values import write_each

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestOwnValues(ProcurifyCommon):
    def setUp(self):
        super().setUp()
        self.records = (
            self.env["procurify.record"]
            .sudo()
            .create(
                [
                    {
                        "connection_id": self.connection.id,
                        "resource": "vendor",
                        "external_id": f"own-{number}",
                        "payload": "{}",
                        "digest": "0",
                        "name": f"Vendor {number}",
                    }
                    for number in range(3)
                ]
            )
        )

    def test_each_gets_its_own_and_what_depends_on_it_follows(self):
        first, second, third = records = self.records.sudo()
        self.assertEqual(first.display_name, "Vendor 0")

        write_each(
            {
                first: {"name": "Alder", "applied_state": {"a": 1}},
                second: {"name": "Birch", "res_id": 7},
            }
        )

        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(records.mapped("name"), ["Alder", "Birch", "Vendor 2"])
        self.assertEqual(records.mapped("display_name"), ["Alder", "Birch", "Vendor 2"])
        self.assertEqual(first.applied_state, {"a": 1})
        self.assertEqual((second.res_id, third.res_id), (7, 0))
        self.assertEqual(first.write_uid, self.env.user)

    def test_stored_computed_values_are_computed_again(self):
        other = self.env["res.company"].create({"name": "Branch"})
        record = self.records[0].sudo()

        write_each({record: {"route_company_id": other.id}})

        self.assertEqual(record.company_id, other)

    def test_nobody_but_the_superuser_writes_so(self):
        with self.assertRaises(RuntimeError):
            write_each({self.records[0].sudo(False): {"name": "Mine"}})

    def test_nothing_is_nothing(self):
        write_each({})
