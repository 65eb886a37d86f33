"""A stand-in for a remote Odoo, and the record by which it is reached."""

from odoo.addons.procurify_connector.procurify_odoo.tests import fake

from .common import ProcurifyCommon


class RemoteCase(ProcurifyCommon):
    def _remote(self, series="19.0", company=None):
        """Start a remote Odoo that books in the currency of ``company``."""
        remote = fake.FakeOdoo(series)
        self.enterContext(remote)
        remote.currency = (company or self.company).currency_id.name
        return remote

    def _target(self, remote, **values):
        """Enter a remote Odoo, without testing it."""
        return self.env["procurify.target"].create(
            {
                "name": f"Books {remote.series}",
                "company_id": self.company.id,
                "url": remote.url,
                "database": fake.DATABASE,
                "login": fake.LOGIN,
                "api_key": fake.KEY,
                **values,
            }
        )

    def _ready_target(self, remote, **values):
        """Enter a remote Odoo, and test it."""
        target = self._target(remote, **values)
        target.action_probe()
        self.assertEqual(target.state, "ready", target.error_message)
        return target
