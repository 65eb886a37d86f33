"""Whether the connector itself writes what stands for documents of a remote Odoo."""

from .private import Private

_writes_shadows = Private("procurify_writes_shadows", default=False)


def writes_shadows():
    """Return whether the connector writes such documents now."""
    return _writes_shadows.get()


def writing_shadows():
    """Return a block in which the connector writes such documents; people may not."""
    return _writes_shadows.set(True)


def kept(records, names):
    """Return those of the fields whose values are kept: Odoo marks records by others,
    also where nothing of a document changes."""
    fields = records._fields
    return {
        name
        for name in names
        if name not in fields or fields[name].store or fields[name].inverse
    }
