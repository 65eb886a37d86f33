"""A merge moves what Procurify's objects are linked to."""

from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_reference_fields_generic(
        self, referenced_model, src_records, dst_record, additional_update_records=None
    ):
        # Odoo knows only the references of its own models. It merges contacts with
        # this, and accounts.
        for model in ("procurify.record", "procurify.link"):
            rows = (
                self.env[model]
                .sudo()
                .search(
                    [
                        ("res_model", "=", referenced_model),
                        ("res_id", "in", src_records.ids),
                    ]
                )
            )
            targets = rows._audit_targets() if model == "procurify.record" else {}
            rows.write({"res_id": dst_record.id})
            self.env["procurify.audit"]._log_mapped(targets)
        # Documents follow a merge by themselves: theirs is no former mapping.
        self.env["procurify.mention"].sudo().search(
            [
                ("mention_id.res_model", "=", referenced_model),
                ("res_id", "in", src_records.ids),
            ]
        ).write({"res_id": dst_record.id})
        return super()._update_reference_fields_generic(
            referenced_model, src_records, dst_record, additional_update_records
        )
