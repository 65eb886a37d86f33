"""What this client takes from that of Procurify: rules for addresses, guards, limits.

Odoo imports both packages as parts of the addon. The plain tests import each by its own
name, where a relative import cannot lead from one to the other.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING or __package__ == "procurify_odoo":
    from procurify import answers, errors, transport, wire
else:
    from ..procurify import answers, errors, transport, wire

__all__ = [
    "answers",
    "errors",
    "transport",
    "wire",
]
