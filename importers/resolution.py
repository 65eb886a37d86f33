"""What the references of documents resolve to."""

from enum import Enum

from .issues import Hold


class Resolution(Enum):
    """What became of a document's reference."""

    FOUND = "found"
    HELD = "held"
    WAITING = "waiting"  # staged, not imported yet


class Reference:
    """What a document's reference resolves to: a target, or issues."""

    __slots__ = ("holds", "record", "state", "target_id")

    def __init__(self, record):
        self.record = record
        self.target_id, self.holds = False, []
        if record._serves():
            self.state, self.target_id = Resolution.FOUND, record.res_id
        elif record.state in ("pending", "waiting"):
            self.state = Resolution.WAITING
        else:
            self.state, self.holds = Resolution.HELD, self._reasons(record)

    @staticmethod
    def _reasons(record):
        if record.state == "quarantined":
            return [
                Hold(issue.code, issue.key, issue.sudo().params, issue.reference_id.id)
                for issue in record.issue_ids
            ]
        # Excluded or ignored, and yet a document may need it.
        importer = record.env[record._target_model(record.resource)]
        code = importer._procurify_unknown_code(record.resource)
        return [importer._procurify_hold(record, code)] if code else []
