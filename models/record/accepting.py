"""Accepting suggestions: all that are exact at once, or one that a person looks at."""

from collections import Counter

from odoo import models
from odoo.exceptions import UserError

from ...importers.matching.decision import OBSTACLES


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    def action_accept_suggestions(self):
        """Map those of these records that have one exact suggestion.

        A person decides if the suggestion is only similar, archived, one of several, or
        mapped to another record already.

        :returns: a notification that says how many were mapped, and why others were not
        """
        self.check_access("write")
        chosen, left = self._exact_targets()
        taken = self._map_to_targets(chosen)
        return self.env["procurify.connection"]._notification(
            "success" if taken else "warning", self._accepted_text(taken, left)
        )

    def action_accept_suggestion(self):
        """Map each of these records to its first suggestion, as a person has seen it.

        :returns: a notification that says how many were mapped
        :raises UserError: there is none, or it cannot be used
        """
        self.check_access("write")
        unmapped = self.filtered(lambda record: record._needs_target())
        chosen = {}
        for record, candidates in unmapped._suggestions().items():
            if candidates:
                chosen[record] = candidates[0].target
        if missing := unmapped - self.browse(record.id for record in chosen):
            raise UserError(
                self.env._(
                    "There is no suggestion for %(names)s. Choose the record in Odoo.",
                    names=", ".join(missing.mapped("display_name")),
                )
            )
        taken = self._map_to_targets(chosen)
        return self.env["procurify.connection"]._notification(
            "success", self._accepted_text(taken, Counter())
        )

    def _map_to_targets(self, chosen):
        """Map and replay {record: Odoo record}; return the records."""
        taken = self.browse(record.id for record in chosen)
        for target, records in taken.grouped(chosen.get).items():
            records.write({"res_id": target.id})
        taken._replay_mapped()
        return taken

    def _exact_targets(self):
        """Return ({record: Odoo record}, Counter of why the others have none)."""
        unmapped = self.filtered(lambda record: record._needs_target())
        suggestions = unmapped._suggestions()
        left = Counter()
        chosen = {}
        for record in unmapped:
            candidates = suggestions.get(record, [])
            if reason := record._why_not_exact(candidates):
                left[reason] += 1
            else:
                chosen[record] = candidates[0].target
        owned = {key[1:] for key in unmapped._owners(suggestions)}
        wanted = Counter(chosen.values())
        for record, target in list(chosen.items()):
            if not target._procurify_many_to_one and (
                wanted[target] > 1 or (target._name, target.id) in owned
            ):
                left["taken"] += 1
                del chosen[record]
        return chosen, left

    def _why_not_exact(self, candidates):
        """Return the code of why the first of ``candidates`` is not exact, or False."""
        if not candidates:
            return "none"
        best = candidates[0]
        exact = best.target._procurify_exact
        alike = [
            candidate
            for candidate in candidates
            if exact.intersection(candidate.reasons)
            and not OBSTACLES.intersection(candidate.reasons)
        ]
        if len(alike) > 1 or self.issue_ids.filtered(
            lambda issue: issue.code.startswith("ambiguous_")
        ):
            return "several"
        if not best.is_sure and best not in alike:
            return "similar"
        return "unusable" if best.target._procurify_usable(best.target, self) else False

    def _accepted_text(self, taken, left):
        """Return in words how many were mapped, and why the others are left."""
        text = self.env._(
            "Mapped: %(taken)s of %(count)s.", taken=len(taken), count=len(self)
        )
        words = {
            "none": self.env._("no suggestion"),
            "similar": self.env._("only similar"),
            "several": self.env._("several possible matches"),
            "taken": self.env._("match used for another record"),
            "unusable": self.env._("match cannot be used"),
        }
        reasons = [f"{words[code]}: {left[code]}" for code in words if left[code]]
        if not reasons:
            return text
        left_text = self.env._("Left for you: %(list)s.", list=", ".join(reasons))
        return f"{text} {left_text}"
