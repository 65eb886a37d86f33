"""Whether the connector itself writes what stands for documents of a remote Odoo."""

from contextlib import contextmanager
from contextvars import ContextVar

_writes_shadows = ContextVar("procurify_writes_shadows", default=False)


def writes_shadows():
    """Return whether the connector writes such documents now."""
    return _writes_shadows.get()


@contextmanager
def writing_shadows():
    """Let the connector write such documents within the block; people may not."""
    token = _writes_shadows.set(True)
    try:
        yield
    finally:
        _writes_shadows.reset(token)


def kept(records, names):
    """Return those of the fields whose values are kept: Odoo marks records by others,
    also where nothing of a document changes."""
    fields = records._fields
    return {
        name
        for name in names
        if name not in fields or fields[name].store or fields[name].inverse
    }
