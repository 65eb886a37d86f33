"""The staged objects that may be meant as well, besides the one that is looked at."""

from odoo.fields import Domain

from .decision import LINKED_BEFORE, SAME_CODE
from .names import NameIndex, name_keys, normalise

MOST_NAMED = 10  # candidates and rivals that an issue names


class Siblings:
    """The staged objects of one connection and resource that may be meant as well:
    they bear a name that is looked at, or are linked to what is looked at."""

    def __init__(self, model, records):
        """:param records: those about which is decided"""
        self._model = model
        self._names = {r: model._procurify_staged_names(r) for r in records}
        self._unread = dict(self._names)
        self._seen = model.browse()
        self._rows = records.browse()
        self._domain = (
            Domain("connection_id", "=", records.connection_id.id)
            & Domain("resource", "=", records[0].resource)
            & Domain("state", "not in", ("excluded", "ignored"))
        )

    def look_at(self, targets):
        """Read who bears the names of the records, and who is linked to ``targets`` of
        Odoo or bears their names."""
        targets -= self._seen
        name = self._model._procurify_name_field
        names = self._unread | {target: {target[name] or ""} for target in targets}
        if names:
            self._seen |= targets
            self._unread = {}
            self._read(names, Domain("res_id", "in", targets.ids))

    def _read(self, names, others):
        """Read the objects that bear some of ``names``, and those of ``others``."""
        model, legal = self._model, self._model._procurify_legal_names
        fits, _near = NameIndex(names, legal=legal, near=False).patterns()
        # A name without a letter has no pattern.
        odd = {n for some in names.values() for n in some if n and not name_keys(n)}
        domain = others | Domain("name", "in", list(odd))
        if fits:
            domain |= model._procurify_staged_match(fits)
        self._rows |= self._rows.search_fetch(
            self._domain & domain, ["name", "code", "res_id", "external_id"]
        )
        self._names |= {
            row: model._procurify_staged_names(row)
            for row in self._rows
            if row not in self._names
        }
        self._index = NameIndex(self._names, legal=legal, near=False)
        self._found = {}  # per name, as many objects may bear the same one
        # Who answers to no name claims nobody.
        claiming = self._rows.filtered(lambda row: row.res_id and any(self._names[row]))
        self._linked = claiming.grouped("res_id")

    def rivals(self, record):
        """Return other objects that bear a name of ``record``.

        A few are enough: an issue names no more of them.
        """
        others = {
            other.id
            for name in self._names[record]
            for other in self._bearers(name)[: MOST_NAMED + 2]
            if other != record
        }
        return record.browse(sorted(others)[: MOST_NAMED + 1])

    def _bearers(self, name):
        """Return the objects that bear ``name``, the eldest first."""
        if name not in self._found:
            self._found[name] = sorted(self._index.fitting(name), key=lambda r: r.id)
        return self._found[name]

    def is_claimed(self, record, name):
        """Return whether another object bears ``name``."""
        return bool(self._index.fitting(name or "") - {record})

    def linked(self, record, target):
        """Return the other objects that are ``target`` already."""
        return self._linked.get(target.id, record.browse()) - record

    def has_owner(self, record, target, name):
        """Return whether ``target`` is another object's, by link or by ``name``."""
        return bool(self.linked(record, target)) or self.is_claimed(record, name)

    def note_linked(self, record, evidence):
        """Add that a target is linked to another object of the same code."""
        code = normalise(record.code)
        for target, witnesses in evidence.items():
            codes = {normalise(o.code) for o in self.linked(record, target)} - {""}
            if SAME_CODE in witnesses and code in codes:
                witnesses.add(LINKED_BEFORE)
