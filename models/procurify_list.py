"""What people see of the connector's lists: why one is empty, and what groups it."""

import json

from markupsafe import Markup

from odoo import api, models

from ..tools.private import Private

# The connector's own bookkeeping: nobody groups a list by it or filters by it.
TECHNICAL = frozenset(
    {
        *("digest", "payload_digest", "summary_digest", "applied_digest", "sha1"),
        *("remote_uuid", "remote_group", "kept_version", "key", "mimetype"),
        *("date_finding", "list_date_finding", "rate_finding", "findings_id"),
        "route_company_id",
        *("listed_at", "read_from", "read_failures", "read_again_at"),
        *("awaits_ids", "document_ids", "audit_head", "res_model", "res_id"),
        *("connection_ref", "company_ref", "user_ref", "create_uid", "write_uid"),
    }
)

# (model, fields of its rows that are about to be shown)
_shown = Private("procurify_shown", default=(None, ()))


class ProcurifyList(models.AbstractModel):
    """For models with lists that people read.

    A list is empty for more reasons than that nothing is there. The client asks for
    the reason with the system's rights: what counts is the user.
    """

    _name = "procurify.list"
    _description = "Procurify List"

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Offer no technical field where people group and filter."""
        found = super().fields_get(allfields, attributes)
        for name in TECHNICAL & found.keys():
            for use in {"groupable", "searchable"} & found[name].keys():
                found[name][use] = False
        return found

    @api.model
    @api.private
    @api.readonly
    def search_fetch(self, domain, field_names=None, *args, **kwargs):
        """Fetch the company, too: the rules of access read it of each row, and a
        report would be worked out once more for that."""
        if field_names is not None and "company_id" in self._fields:
            name, shown = _shown.get()
            field_names = [*field_names, *(shown if name == self._name else ())]
            field_names = list(dict.fromkeys([*field_names, "company_id"]))
        return super().search_fetch(domain, field_names, *args, **kwargs)

    @api.model
    @api.readonly
    def web_read_group(self, domain, groupby, *args, **kwargs):
        """Fetch the rows of open groups with what they show: a report would be worked
        out once more for that."""
        shown = tuple(kwargs.get("unfold_read_specification") or ())
        with _shown.set((self._name, () if self._auto else shown)):
            return super().web_read_group(domain, groupby, *args, **kwargs)

    @api.model
    def get_empty_list_help(self, help_message):
        """Return the reason, as Odoo shows help; without one, the usual help."""
        user = self.sudo(False)
        why = user._why_empty()
        if not why:
            return super().get_empty_list_help(help_message)
        paragraphs = '<p class="o_view_nocontent_smiling_face">%s</p><p>%s</p>'  # noqa: S608
        return Markup(paragraphs) % why + user._way_out()

    @api.model
    def _way_out(self):
        """Return the button that leads an administrator of the connector on, as HTML.

        A neutralised copy has archived connections, too.
        """
        connections = self.env["procurify.connection"]
        may_set_up = self.env.user.has_group("procurify_connector.group_manager")
        if not may_set_up or connections.search_count([], limit=1):
            return ""
        archived = connections.with_context(active_test=False)
        if archived.search_count([], limit=1):
            name, text = "procurify_connection_action", self.env._("Open connections")
            context = json.dumps({"search_default_archived": 1})
        else:
            name, text = (
                "procurify_connection_action_setup",
                self.env._("Set up Procurify"),
            )
            context = "{}"
        return Markup(
            '<p><a type="action" name="procurify_connector.%s" data-context="%s" '
            'class="btn btn-primary">%s</a></p>'
        ) % (name, context, text)

    @api.model
    def _why_empty(self):
        """Return (title, text) of why a user sees nothing, or None."""
        if right := self._missing_right():
            title = self.env._("You may not see this")
            text = self.env._("You need the right %s. Ask an administrator.", right)
            return title, text
        connections = self.env["procurify.connection"]
        if connections.search_count([], limit=1):
            return None
        if self._is_neutralized():
            return (
                self.env._("This is a neutralised copy of a database"),
                self.env._(
                    "Its connections are archived and have no secret, so that nothing "
                    "is read from Procurify. To try it with a test tenant, unarchive a "
                    "connection and enter the address and secret of that tenant."
                ),
            )
        archived = connections.with_context(active_test=False)
        if archived.search_count([], limit=1):
            return (
                self.env._("The connection is archived"),
                self.env._("Nothing is read from Procurify until it is unarchived."),
            )
        return (
            self.env._("There is no connection to Procurify"),
            self.env._(
                "An administrator of the connector sets it up. If there is one for "
                "another company, switch to that company."
            ),
        )

    @api.model
    def _missing_right(self):
        """Return the name of the right without which the user sees nothing here."""
        return ""

    @api.model
    def _is_neutralized(self):
        parameters = self.env["ir.config_parameter"].sudo()
        return bool(parameters.get_param("database.is_neutralized"))
