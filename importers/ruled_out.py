"""What a person said of a document: it is not this one, nor that one."""


def ruled_out(drafts):
    """Return {draft: (model, id) of each document that a person said it is not}."""
    records = {draft.record: draft for draft in drafts}
    if not records:
        return {}
    first = next(iter(records))
    said = first.union(*records)._ruled_out()
    return {records[record]: documents for record, documents in said.items()}


def is_said_of_all(draft, known):
    """Return whether a person said that it is none of any, before it was kept of which.

    :param known: what ``ruled_out`` returns
    """
    return draft.record.not_a_duplicate and draft not in known
