"""The catch-all vendor «OTHER»: who really sells is a text on the order's lines."""

from ...procurify import Vendor, VendorType
from ...procurify.payloads.values import short_key
from .names import normalise

# Of external ids that stand for such a text.
NAMED_PREFIX = "other:"


class OtherVendor:
    """Whom the lines of one document name where its vendor is the catch-all.

    Each name is a vendor of its own, which a person maps once: the same text on
    another document, in whatever case, is that vendor.
    """

    def __init__(self, vendor, texts):
        """:param texts: what the lines say; the catch-all's own name says nothing"""
        self.vendor = vendor
        own = normalise(vendor.name)
        named = {normalise(text): text for text in reversed(list(texts))}
        self.names = {key: text for key, text in named.items() if key not in ("", own)}

    @property
    def external_id(self):
        """What the vendor is staged under; without a name the catch-all itself."""
        key = next(iter(self.names), None)
        return f"{NAMED_PREFIX}{short_key(key)}" if key else self.vendor.external_id

    def mentioned(self):
        """Return what is staged for the name, as ``_resolve`` takes it."""
        if len(self.names) != 1:
            return {}
        [text] = self.names.values()
        data = {
            "id": self.vendor.id,
            "name": text,
            "type": VendorType.OTHER.value,
            "active": True,
        }
        payload = Vendor.from_json(data)
        return {("vendor", self.external_id): (data, payload)}


def is_other(vendor):
    """Return whether ``vendor`` is the catch-all; None is nobody."""
    return vendor is not None and vendor.type == VendorType.OTHER
