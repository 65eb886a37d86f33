"""Instants of the wire, which know their time zone, as Odoo keeps them."""

from datetime import timezone


def naive(instant):
    """Return an aware instant as Odoo keeps it: naive, UTC, whole seconds.

    The cut fraction makes a watermark older, never younger, than what was seen.
    """
    return instant.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)
