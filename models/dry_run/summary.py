"""What a dry run found, as plain data."""

from odoo import models
from odoo.tools import float_repr

from ...importers.resource_kinds import IMPORT_ORDER


class ProcurifyDryRun(models.Model):
    _inherit = "procurify.dry.run"

    def _as_data(self, items):
        """Return what was found, see ``procurify.connection._dry_run``."""
        self.ensure_one()
        return {
            "dry_run_id": self.id,
            "records": self.done_count,
            "booked": self._tell_booked(),
            "held": [issue._as_held() for issue in self.issue_ids],
            "excluded": self._tell_excluded(),
            "waiting": self.env["procurify.dry.run.line"].search_count(
                [("dry_run_id", "=", self.id), ("outcome", "=", "waiting")]
            ),
            "missing_mappings": [
                issue._as_missing()
                for issue in self.issue_ids.filtered("mapped_resource")
            ],
            "duplicates": self._tell_duplicates(),
            "journal_items": self._tell_items(items),
            "journal_item_count": self.env["procurify.dry.run.item"].search_count(
                [("dry_run_id", "=", self.id)]
            ),
        }

    def _tell_summary(self):
        """Return how many of each kind come to what, in the words of who looks.

        Bills come first, then what they stand on.
        """
        lines = self.env["procurify.dry.run.line"]
        kinds, outcomes, origins = (
            dict(lines._fields[name]._description_selection(self.env))
            for name in ("resource", "outcome", "origin")
        )
        issues = self.env["procurify.issue"]
        groups = lines._read_group(
            [("dry_run_id", "=", self.id)],
            ["resource", "outcome", "origin", "currency"],
            ["__count", "amount:sum"],
        )
        rows = {}
        for resource, outcome, origin, currency, count, amount in groups:
            row = (currency, count, amount, None)
            rows.setdefault((resource, outcome, origin), []).append(row)
        codes = {row[0] for mine in rows.values() for row in mine if row[0]}
        currencies = issues._currencies(codes)
        return [
            {
                "resource": resource,
                "kind": kinds[resource],
                "outcome": outcome,
                "origin": origin or "",
                "text": origins.get(origin) or outcomes[outcome],
                "count": sum(row[1] for row in mine),
                "amount": issues._tell_amounts(mine, currencies),
            }
            for (resource, outcome, origin), mine in sorted(
                rows.items(), key=lambda item: -IMPORT_ORDER.index(item[0][0])
            )
        ]

    def _tell_booked(self):
        groups = self.env["procurify.dry.run.line"]._read_group(
            [("dry_run_id", "=", self.id), ("outcome", "=", "done")],
            ["resource", "origin", "currency"],
            ["__count", "amount:sum"],
        )
        booked = {}
        for resource, origin, currency, count, amount in groups:
            row = booked.setdefault(
                (resource, origin),
                {"resource": resource, "origin": origin, "count": 0, "amounts": {}},
            )
            row["count"] += count
            if currency:
                row["amounts"][currency] = float_repr(amount, 2)
        return list(booked.values())

    def _tell_excluded(self):
        groups = self.env["procurify.dry.run.line"]._read_group(
            [("dry_run_id", "=", self.id), ("outcome", "=", "excluded")],
            ["resource", "rule"],
            ["__count"],
        )
        return [
            {"resource": resource, "rule": rule, "count": count}
            for resource, rule, count in groups
        ]

    def _tell_duplicates(self):
        """Return the bills that Odoo has already, from wherever."""
        lines = self.env["procurify.dry.run.line"].search(
            [("dry_run_id", "=", self.id), ("is_duplicate", "=", True)]
        )
        return [
            {
                "name": line.name,
                "party": line.party or "",
                "amount": float_repr(line.amount, 2),
                "currency": line.currency or "",
                "message": line.reasons,
            }
            for line in lines
        ]

    def _tell_items(self, limit):
        items = self.env["procurify.dry.run.item"].search(
            [("dry_run_id", "=", self.id)], limit=limit
        )
        return [
            {
                "document": item.line_id.name,
                "date": item.date.isoformat(),
                "account_code": item.account_code,
                "account": item.account,
                "label": item.label,
                "balance": float_repr(
                    item.balance, item.company_currency_id.decimal_places
                ),
                "amount_currency": float_repr(
                    item.amount_currency, item.currency_id.decimal_places
                ),
                "currency": item.currency_id.name,
                "cost_centres": item.cost_centres,
                "taxes": item.taxes,
            }
            for item in items
        ]
