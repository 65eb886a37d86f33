"""What the master data that documents name is mapped to, as a person may read it."""

from collections import defaultdict

from odoo.fields import Domain


class Mappings:
    """Looks up the master data of several documents at once.

    The connector's own rows are read for everyone; the names of what they are mapped to
    only with the rights of the user.
    """

    def __init__(self, records):
        """:param records: ``procurify.record`` rows, as the user that looks at them"""
        self.records = records
        self._rows = {}
        self._names = {}

    def load(self, wanted):
        """Look up what is not known yet.

        :param wanted: {document's record: {(resource, external id)}}
        """
        self._find(wanted)
        targets = defaultdict(set)
        for record, keys in wanted.items():
            for key in keys:
                row = self.row(record, *key)
                name = row and (record.company_id, row.res_model, row.res_id)
                if row and row.res_id and name not in self._names:
                    targets[name[:2]].add(row.res_id)
        for (company, model), ids in targets.items():
            self._read_names(company, model, ids)

    def row(self, record, resource, external_id):
        """Return the row of master data that ``record`` names, or None."""
        return self._rows.get((record.connection_id.id, resource, external_id))

    def mapped(self, record, resource, external_id):
        """Return (row's id, whether it is mapped, name of its target) for a screen.

        The name is "" where the user may not read the target.
        """
        row = self.row(record, resource, external_id)
        if not row:
            return False, False, ""
        key = record.company_id, row.res_model, row.res_id
        return row.id, bool(row.res_id), self._names.get(key, "")

    def _find(self, wanted):
        missing = defaultdict(set)
        for record, keys in wanted.items():
            for resource, external_id in keys:
                connection = record.connection_id.id
                if (connection, resource, external_id) not in self._rows:
                    missing[connection, resource].add(external_id)
        if not missing:
            return
        rows = self.records.sudo().search_fetch(
            Domain.OR(
                Domain("connection_id", "=", connection)
                & Domain("resource", "=", resource)
                & Domain("external_id", "in", list(ids))
                for (connection, resource), ids in missing.items()
            ),
            ["connection_id", "resource", "external_id", "res_model", "res_id"],
        )
        for row in rows:
            key = row.connection_id.id, row.resource, row.external_id
            self._rows[key] = row

    def _read_names(self, company, model, ids):
        """Note the names of those targets that the user may read in ``company``."""
        self._names |= {(company, model, target_id): "" for target_id in ids}
        if model not in self.records.env or not self.records._may_enter(company):
            return
        targets = self.records._person_env(company)[model]
        if not targets.has_access("read"):
            return
        targets = targets.with_context(active_test=False)
        for target in targets.search(Domain("id", "in", list(ids))):
            self._names[company, model, target.id] = target.display_name
