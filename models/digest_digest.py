"""Odoo's periodic mail says what of Procurify is in the books."""

from odoo import fields, models

from ..importers.resource_kinds import DOCUMENTS

_REVIEWER = "procurify_connector.group_user"
# Figures of the dashboard that the mail shows.
_AMOUNTS = ("posted", "draft", "on_hold", "not_billed")


class DigestDigest(models.Model):
    """Counts, the amounts of the month, and the issues that hold most: in one mail.

    Each reader gets what that person may see; who may not see the connector's records
    gets a mail without them.
    """

    _inherit = "digest.digest"

    kpi_procurify_booked = fields.Boolean("Posted Bills from Procurify")
    kpi_procurify_booked_value = fields.Integer(
        compute="_compute_kpi_procurify_booked_value"
    )
    kpi_procurify_draft = fields.Boolean("Draft Bills from Procurify")
    kpi_procurify_draft_value = fields.Integer(
        compute="_compute_kpi_procurify_draft_value"
    )
    kpi_procurify_held = fields.Boolean("New Documents on Hold")
    kpi_procurify_held_value = fields.Integer(
        compute="_compute_kpi_procurify_held_value"
    )

    # === COMPUTE METHODS === #

    def _compute_kpi_procurify_booked_value(self):
        self._count_imported_bills("kpi_procurify_booked_value", "posted")

    def _compute_kpi_procurify_draft_value(self):
        self._count_imported_bills("kpi_procurify_draft_value", "draft")

    def _count_imported_bills(self, name, document_state):
        self._calculate_company_based_kpi(
            "procurify.record",
            name,
            date_field="imported_at",
            additional_domain=[
                ("resource", "=", "bill"),
                ("document_state", "=", document_state),
            ],
        )

    def _compute_kpi_procurify_held_value(self):
        self._calculate_company_based_kpi(
            "procurify.record",
            "kpi_procurify_held_value",
            additional_domain=[
                ("resource", "in", DOCUMENTS),
                ("document_state", "=", "on_hold"),
            ],
        )

    def _compute_kpis_actions(self, company, user):
        menu = self.env.ref("procurify_connector.procurify_connector_menu").id
        actions = {
            "kpi_procurify_booked": "procurify_connection_action_dashboard",
            "kpi_procurify_draft": "procurify_connection_action_dashboard",
            "kpi_procurify_held": "procurify_record_action_quarantine",
        }
        return super()._compute_kpis_actions(company, user) | {
            kpi: f"procurify_connector.{action}?menu_id={menu}"
            for kpi, action in actions.items()
        }

    def _compute_tips(self, company, user, tips_count=1, consumed=True):
        """Put what is on hold above Odoo's own tips."""
        tips = super()._compute_tips(
            company, user, tips_count=tips_count, consumed=consumed
        )
        return [
            *self._procurify_amounts(company, user),
            *self._procurify_issues_told(company, user),
            *self._procurify_audit_head(user),
            *tips,
        ]

    # === HELPERS === #

    def _procurify_amounts(self, company, user):
        """Return a table of the dashboard's figures of this month; [] without one."""
        self.ensure_one()
        if not self._procurify_is_shown() or not user.has_group(_REVIEWER):
            return []
        connections = self._procurify_connections(company, user)
        if not connections:
            return []
        figures = {each["name"]: each for each in connections._figures_together()}
        values = {
            "month": connections._month_name(connections._month()),
            "figures": [figures[name] for name in _AMOUNTS],
            "base_url": self.get_base_url(),
        }
        template = "procurify_connector.digest_amounts"
        return [connections.env["ir.qweb"]._render(template, values)]

    def _procurify_is_shown(self):
        """Return whether this digest includes Procurify."""
        return bool(
            self.kpi_procurify_booked
            or self.kpi_procurify_draft
            or self.kpi_procurify_held
        )

    def _procurify_connections(self, company, user):
        """Return the connections of ``company``, as ``user`` sees them."""
        reader = self.with_user(user).with_context(allowed_company_ids=company.ids)
        return reader.env["procurify.connection"].search(
            [("company_id", "=", company.id)]
        )

    def _procurify_issues_told(self, company, user):
        """Return a table of the reasons that hold most; empty if there are none."""
        self.ensure_one()
        if not self.kpi_procurify_held or not user.has_group(_REVIEWER):
            return []
        issues = self._procurify_largest_issues(company, user)
        if not issues:
            return []
        told = issues.env["ir.qweb"]._render(
            "procurify_connector.digest_issues",
            {"issues": issues, "base_url": self.get_base_url()},
        )
        return [told]

    def _procurify_audit_head(self, user):
        """Return the audit's chain head, which is worth most outside of Odoo."""
        head = self.env["procurify.audit.seal"]._head()
        if not (self.kpi_procurify_held and head and user.has_group(_REVIEWER)):
            return []
        template = "procurify_connector.digest_audit_head"
        return [self.env["ir.qweb"]._render(template, {"head": head})]

    def _procurify_largest_issues(self, company, user):
        """Return the reasons that hold most in ``company``, as ``user`` sees them."""
        connections = self._procurify_connections(company, user)
        largest = connections._largest_issues().values()
        issues = connections.env["procurify.issue"].browse(
            issue["id"] for mine in largest for issue in mine
        )
        return issues.sorted("record_count", reverse=True)
