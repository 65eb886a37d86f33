"""The records of the hub's company that stand for those of a remote Odoo.

What they get from a row is a table: ``tools/local_kinds.py``.
"""

from collections import defaultdict

from psycopg2 import IntegrityError

from odoo import api, fields, models
from odoo.exceptions import RedirectWarning, UserError
from odoo.fields import Command, Domain
from odoo.tools import split_every

from ...procurify_odoo.analytic import PLACES, TAG_MODEL
from ...tools.local_kinds import LOCALS, PARTS, Refs, Waits
from ...tools.own_values import write_each
from .procurify_dispatch import ORDER_LINES

SET_SIZE = 500
# What Odoo raises where it does not take the values of a record.
_REFUSALS = (UserError, RedirectWarning, IntegrityError, ValueError)
# The remote has checked the values, tracks who changed them, and has filled in what
# contacts have from their company.
_QUIET = {
    "_partners_skip_fields_sync": True,
    "lang": "en_US",
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "no_vat_validation": True,
}


class ProcurifyMirror(models.Model):
    _inherit = "procurify.mirror"

    res_model = fields.Char("Model Here", readonly=True)
    res_id = fields.Many2oneReference("ID Here", model_field="res_model", readonly=True)
    is_pending = fields.Boolean(
        "Not Applied",
        readonly=True,
        help="The record here is to be brought up to date.",
    )
    reason = fields.Char("Why Not Applied", readonly=True)

    _local_idx = models.Index("(res_model, res_id) WHERE res_id IS NOT NULL")
    _pending_idx = models.Index("(target_id, kind) WHERE is_pending")

    # === BUSINESS METHODS === #

    @api.model
    def _pending_kinds(self, target):
        """Return the kinds of which something changed."""
        groups = self._read_group(
            Domain("target_id", "=", target.id) & Domain("is_pending", "=", True),
            ["kind"],
        )
        return {kind for [kind] in groups}

    @api.model
    def _not_to_send(self, target):
        """Return the domain of rows whose partner has no change that is to be sent: it
        would be overwritten here."""
        due = self.env["procurify.dispatch"]._search(
            Domain("target_id", "=", target.id)
            & Domain("res_model", "=", "res.partner")
            & Domain("is_due", "=", True)
        )
        return Domain("res_id", "not in", due.subselect("res_id"))

    @api.model
    def _pending_rows(self, target, kind):
        """Return the rows of a kind that changed, or whose parts did."""
        of_target = Domain("target_id", "=", target.id)
        pending = of_target & Domain("is_pending", "=", True)
        pending_kind = pending & Domain("kind", "=", kind)
        if kind == "partner":
            pending_kind &= self._not_to_send(target)
        rows = self.search(pending_kind, order="remote_id")
        part_kinds = {part.kind for part in LOCALS[kind].parts.values()}
        if not part_kinds:
            return rows
        parts = self.search(pending & Domain("kind", "in", list(part_kinds)))
        if not parts:
            return rows
        changed = {(part.kind, part.remote_id) for part in parts}
        owners = self.search(of_target & Domain("kind", "=", kind), order="remote_id")
        owners = owners.filtered(
            lambda row: row.is_pending or not changed.isdisjoint(row._named())
        )
        # From now on, their owner is what is pending.
        write_each(
            {row: {"is_pending": True} for row in owners if not row.is_pending}
            | {part: {"is_pending": False} for part in parts}
        )
        return owners

    def _apply(self):
        """Bring the local records of these rows up to date.

        A record is written only where a value differs, a row only where its result
        does. Rows that cannot be applied say why, and stay pending.

        :param self: rows of one kind and target
        :returns: the rows that wait for others
        """
        gone = self.filtered("is_gone")
        gone._take_away()
        wanted = (self - gone)._wanted()
        results = {
            row: {"reason": row._explain_wait(error), "is_pending": True}
            for row, error in wanted.items()
            if isinstance(error, Waits)
        }
        waiting = self.browse().union(*results)
        ready = {row: v for row, v in wanted.items() if row not in results}
        results |= self._apply_ready(ready)
        for row in self - gone:
            results.setdefault(row, {"is_pending": False, "reason": False})
        self._note_results(results)
        return waiting

    # === WHAT IS WANTED === #

    @property
    def _local(self):
        """Return what the kind of these rows becomes."""
        return (LOCALS | PARTS)[self[:1].kind]

    def _said(self):
        """Return {key: value} of what a row says."""
        self.ensure_one()
        known = {
            "name": self.name,
            "code": self.code or "",
            "is_active": self.is_active,
        }
        return known | (self.data or {})

    def _named(self):
        """Return the (kind, remote id) of all rows that these rows name."""
        return {named for row in self for named in row._local.named(row._said())}

    def _rows_named(self, named):
        """Return {(kind, remote id): row} of the same remote."""
        by_kind = defaultdict(list)
        for kind, remote_id in named:
            by_kind[kind].append(remote_id)
        if not by_kind:
            return {}
        domain = Domain.OR(
            Domain("kind", "=", kind) & Domain("remote_id", "in", ids)
            for kind, ids in by_kind.items()
        )
        found = self.search(Domain("target_id", "=", self.target_id.id) & domain)
        return {(row.kind, row.remote_id): row for row in found}

    def _wanted(self):
        """Return {row: values of its local record, or the Waits that it raised}.

        The values of a field with parts are {part: its values}. Rows of which no record
        is made are skipped.
        """
        rows = self.filtered(lambda row: row._local.is_wanted(row._said()))
        known = rows._rows_named(rows._named())
        parts = self.browse().union(
            *(row for row in known.values() if row.kind in PARTS)
        )
        known |= parts._rows_named(parts._named())
        local_ids = {
            key: row.res_id if key[0] not in PARTS else row
            for key, row in known.items()
            if row.res_id or (key[0] in PARTS and not row.is_gone)
        }
        wanted = {}
        for row in rows:
            try:
                wanted[row] = row._wanted_values(local_ids)
            except Waits as error:
                wanted[row] = error
        return wanted

    def _wanted_values(self, local_ids):
        """Return the values of the local record.

        :raises Waits: a row that it names has no record here
        """
        self.ensure_one()
        local, said = self._local, self._said()
        values = local.values_of(said, local_ids)
        for name, source in local.parts.items():
            parts = self.browse().union(*source(said, local_ids))
            parts = parts.sorted(
                lambda part: (part._said().get("sequence") or 0, part.remote_id)
            )
            own = [
                part._local.values_of(part._said(), local_ids) | source.added
                for part in parts
            ]
            values[name] = dict(zip(parts, source.complete(own), strict=True))
        return values

    def _explain_wait(self, error):
        """Return for what a row waits, in words."""
        labels = dict(self._fields["kind"]._description_selection(self.env))
        return self.env._(
            "Waits for %(kind)s %(id)s of the remote Odoo, which is not here.",
            kind=labels[error.kind],
            id=error.remote_id,
        )

    # === APPLYING === #

    def _apply_ready(self, wanted):
        """Make or change the local records.

        :param wanted: {row: values}
        :returns: {row: what to note about it}
        """
        if not wanted:
            return {}
        local = next(iter(wanted))._local
        known = self._known_records(local, wanted)
        found = self._same_records(
            local, {row: v for row, v in wanted.items() if row not in known}
        )
        known |= found
        new = {row: v for row, v in wanted.items() if row not in known}
        changed = {
            row: diff
            for row, record in known.items()
            if (diff := self._differences(local, record, wanted[row]))
        }
        notes = {row: _linked(record) for row, record in found.items()}
        notes |= self._in_sets(new, self._create_local)
        notes |= self._in_sets(changed, lambda part: self._write_local(part, known))
        if local.parts:
            notes |= self._part_notes(local, wanted, notes)
        done = {"is_pending": False, "reason": False}
        return {row: done | note for row, note in notes.items()}

    def _in_sets(self, values, act):
        """Do something with all rows at once; if Odoo refuses, find those it refuses.

        :param values: {row: values}
        :param act: takes such a dict, and returns {row: what to note about it}
        :returns: {row: what to note about it}
        """
        if not values:
            return {}
        try:
            with self.env.cr.savepoint():
                return act(values)
        except _REFUSALS as error:
            if len(values) == 1:
                reason = self.env._("Odoo refuses it here: %s", _text(error))
                return {row: {"is_pending": True, "reason": reason} for row in values}
        rows = list(values.items())
        half = len(rows) // 2
        notes = {}
        for part in (rows[:half], rows[half:]):
            notes |= self._in_sets(dict(part), act)
        return notes

    def _local_env(self, local):
        """Return the model in the company of the rows, with the system's rights."""
        company = self.target_id.company_id
        return (
            self.env[local.model]
            .sudo()
            .with_context(_QUIET, allowed_company_ids=company.ids)
        )

    def _known_records(self, local, wanted):
        """Return {row: local record} of those that exist."""
        rows = self.browse().union(*wanted)
        model = rows._local_env(local).with_context(active_test=False)
        if local.is_company:
            company = rows.target_id.company_id
            return {row: model.browse(company.id) for row in rows}
        if local.is_shared:
            return {}
        there = set(model.browse(filter(None, rows.mapped("res_id"))).exists()._ids)
        return {row: model.browse(row.res_id) for row in rows if row.res_id in there}

    def _same_records(self, local, wanted):
        """Return {row: record} of records that exist already and are plainly the same.

        Each record is that of one row; records that all companies use may be those of
        several remotes.
        """
        if not (wanted and local.same):
            return {}
        rows = self.browse().union(*wanted)
        model = rows._local_env(local).with_context(active_test=False)
        first = local.same[0]
        domain = Domain(first, "in", [values[first] for values in wanted.values()])
        candidates = model.search(domain & rows._own(local), order="id")
        taken = set() if local.is_shared else rows._taken_ids(local)
        by_key = defaultdict(list)
        for record in candidates:
            if record.id not in taken:
                key = tuple(_cached(record, name, record[name]) for name in local.same)
                by_key[key].append(record)
        found = {}
        for row, values in wanted.items():
            key = tuple(_cached(model, name, values[name]) for name in local.same)
            alike = by_key[key]
            record = next((r for r in alike if local.fits(r, values)), None)
            if record is not None:
                found[row] = record
                if not local.is_shared:
                    alike.remove(record)
        return found

    def _own(self, local):
        """Return the domain of the records that belong to the company alone."""
        company = self.target_id.company_id
        names = self.env[local.model]._fields
        if local.is_shared:
            return Domain.TRUE
        if "company_ids" in names:
            return Domain("company_ids", "in", company.ids) & Domain(
                "company_ids", "not any", [("id", "!=", company.id)]
            )
        return Domain("company_id", "=", company.id)

    def _taken_ids(self, local):
        """Return the ids of local records that a row has."""
        rows = self.search_fetch(
            Domain("target_id", "=", self.target_id.id)
            & Domain("res_model", "=", local.model)
            & Domain("res_id", "!=", False),
            ["res_id"],
        )
        return set(rows.mapped("res_id"))

    def _differences(self, local, record, values):
        """Return what is to be written on a record."""
        if local.is_shared:
            return _activation(record, values)
        diff = {}
        for name, value in values.items():
            if name in local.parts:
                if commands := _line_commands(record[name], value):
                    diff[name] = commands
            elif name in local.first and (record[name] or not value):
                continue
            elif not _is_equal(record, name, value):
                diff[name] = _created(local, name, value)
        return diff

    def _create_local(self, wanted):
        """Create the local records of rows, and return what to note about them."""
        rows = self.browse().union(*wanted)
        local, model = rows._local, rows._local_env(rows._local)
        own = rows._own_values(local, model)
        defaults = {
            name: getattr(rows, method)() for name, method in local.defaults.items()
        }
        records = model.create(
            [
                own
                | {name: v for name, v in defaults.items() if not values.get(name)}
                | {name: _created(local, name, v) for name, v in values.items()}
                for values in wanted.values()
            ]
        )
        return dict(zip(rows, map(_linked, records), strict=True))

    def _own_values(self, local, model):
        """Return the values that put a record into the company alone."""
        company = self.target_id.company_id
        if local.is_shared:
            return {}
        if "company_ids" in model._fields:
            return {"company_ids": [Command.set(company.ids)]}
        return {"company_id": company.id}

    def _write_local(self, diffs, known):
        """Write what differs, once for all records that get the same."""
        rows = self.browse().union(*diffs)
        model = rows._local_env(rows._local)
        alike = defaultdict(list)
        for row, diff in diffs.items():
            alike[repr(diff)].append(row)
        for several in alike.values():
            records = model.browse([known[row].id for row in several])
            records.write(diffs[several[0]])
        return {row: _linked(known[row]) for row in diffs}

    def _forget(self):
        """Delete these rows. Their local records are archived, as those of what is gone
        are."""
        for rows in self.grouped("kind").values():
            rows._take_away()
        self.unlink()

    def _take_away(self):
        """Archive the local records of what is gone in the remote, or delete them."""
        if not self:
            return
        local = self._local
        owned = self.browse()
        if not (local.is_shared or local.is_company or self[:1].kind in PARTS):
            owned = self.filtered("res_id")
        known = self._known_records(local, dict.fromkeys(owned)) if owned else {}
        notes = self._in_sets(
            known, self._delete_local if local.is_removed else self._archive_local
        )
        done = {"is_pending": False, "reason": False}
        self._note_results({row: done | notes.get(row, {}) for row in self})

    def _archive_local(self, known):
        records = self.env[next(iter(known))._local.model].sudo()
        records = records.union(*known.values()).filtered("active")
        if records:
            records.write({"active": False})
        return {row: {} for row in known}

    def _delete_local(self, known):
        records = self.env[next(iter(known))._local.model].sudo()
        records.union(*known.values()).unlink()
        return {row: {"res_id": False} for row in known}

    # === RESULTS === #

    def _part_notes(self, local, wanted, notes):
        """Return {part: what to note about it} of rows whose record is as wanted."""
        refused = {row for row, note in notes.items() if "reason" in note}
        ids = {row: notes.get(row, {}).get("res_id") or row.res_id for row in wanted}
        model = self.browse().union(*wanted)._local_env(local)
        return {
            part: _linked(line)
            for row, values in wanted.items()
            if row not in refused
            for name in local.parts
            for part, line in _paired(
                model.browse(ids[row])[name], values[name]
            ).items()
        }

    def _note_results(self, results):
        """Write what came of the rows, where it differs."""
        write_each(
            {
                row: values
                for row, values in results.items()
                if any(row[name] != value for name, value in values.items())
            }
        )

    # === DEFAULTS === #

    def _default_tax_group(self):
        """Return a tax group that the company may use; without one, make it.

        :raises UserError: the company has no country, which taxes need
        """
        company = self.target_id.company_id
        if not company.account_fiscal_country_id:
            raise UserError(
                self.env._(
                    "%s has no country here, nor has the company in the remote Odoo. "
                    "Enter one here: taxes need it.",
                    company.name,
                )
            )
        groups = self.env["account.tax.group"].sudo().with_company(company)
        countries = (company.account_fiscal_country_id.id, False)
        found = groups.search(
            Domain(groups._check_company_domain(company))
            & Domain("country_id", "in", countries),
            limit=1,
        )
        name = self.env._("Taxes")
        return (found or groups.create({"name": name, "company_id": company.id})).id

    def _default_plan(self):
        """Return Odoo's own plan: before 16 there were none."""
        own, _others = self.env["account.analytic.plan"].sudo()._get_all_plans()
        return own.id

    def _default_tag_plan(self):
        """Return the plan of what are tags in the remote; without one, make it."""
        plans = self.env["account.analytic.plan"].sudo()
        name = self.env._("Analytic Tags")
        found = plans.search([("name", "=", name)], limit=1)
        return (found or plans.create({"name": name})).id


class ProcurifyTarget(models.Model):
    _inherit = "procurify.target"

    # === BUSINESS METHODS === #

    def _remote_ids(self, records):
        """Return the ids that local records have in this remote Odoo.

        One query, whatever their number. What has no record there, or whose record
        there is gone, is missing in the result.

        :param records: records of one model
        :returns: {local id: remote id}
        """
        self.ensure_one()
        if records._name == ORDER_LINES:
            rows = self.env["procurify.dispatch"]._of(ORDER_LINES, records.ids)
            return {id_: row.remote_id for id_, row in rows.items() if row.remote_id}
        rows = self.env["procurify.mirror"].sudo()
        found = rows.search_fetch(
            self._mapped(records._name) & Domain("res_id", "in", records.ids),
            ["res_id", "remote_id"],
            order="id",
        )
        return {row.res_id: row.remote_id for row in found}

    def _known_there(self, model_name):
        """Return the domain of the records of a model that this remote Odoo has too."""
        self.ensure_one()
        rows = self.env["procurify.mirror"].sudo()
        found = rows.search_fetch(self._mapped(model_name), ["res_id"])
        return Domain("id", "in", found.mapped("res_id"))

    def _remote_tags(self, accounts):
        """Return {id of an analytic account: id of the tag that it is there}."""
        self.ensure_one()
        rows = self.env["procurify.mirror"].sudo()
        found = rows.search_fetch(
            self._mapped(TAG_MODEL) & Domain("res_id", "in", accounts.ids),
            ["res_id", "remote_id"],
        )
        return {row.res_id: row.remote_id for row in found}

    def _local_record(self, model_name, remote_id):
        """Return the local record of a record of this remote Odoo, or an empty one."""
        self.ensure_one()
        rows = self.env["procurify.mirror"].sudo()
        found = rows.search_fetch(
            self._mapped(model_name) & Domain("remote_id", "=", remote_id),
            ["res_id"],
            limit=1,
        )
        model = PLACES if model_name == TAG_MODEL else model_name
        return self.env[model].browse(found.res_id or ())

    def _keep_remote_ids(self, kind, remote_ids):
        """Note which records of the remote the connector made there of local ones.

        The mirror then changes these, and makes none of its own. If it was faster, the
        record that it made is archived.

        :param remote_ids: {local record: remote id}
        """
        self.ensure_one()
        rows = self.env["procurify.mirror"].sudo()
        of_kind = {"target_id": self.id, "kind": kind}
        found = rows.search(
            Domain("target_id", "=", self.id)
            & Domain("kind", "=", kind)
            & Domain("remote_id", "in", list(remote_ids.values()))
        )
        known = {row.remote_id: row for row in found}
        links = {known.get(id_): _linked(each) for each, id_ in remote_ids.items()}
        links.pop(None, None)
        moved = {row: v for row, v in links.items() if row.res_id != v["res_id"]}
        rows.union(*moved)._take_away()
        write_each({row: link | {"is_pending": True} for row, link in moved.items()})
        rows.create(
            [
                of_kind
                | _linked(record)
                | {"remote_id": id_, "name": record.display_name, "is_active": True}
                for record, id_ in remote_ids.items()
                if id_ not in known
            ]
        )

    def _mapped(self, model_name):
        """Return the domain of the rows of this remote that have a local record.

        :param model_name: of the remote; both its analytic accounts and its tags are
            analytic accounts here
        """
        is_tag = model_name == TAG_MODEL
        return (
            Domain("target_id", "=", self.id)
            & Domain("res_model", "=", PLACES if is_tag else model_name)
            & Domain("kind", "=" if is_tag else "!=", "tag")
            & Domain("res_id", "!=", False)
            & Domain("is_gone", "=", False)
        )

    def _apply_mirror(self, commit):
        """Bring the local records of all that changed up to date.

        :param commit: is called after each set of records
        """
        self.ensure_one()
        rows = self.env["procurify.mirror"]
        pending = rows._pending_kinds(self)
        for kind, local in LOCALS.items():
            if pending.isdisjoint({kind, *(p.kind for p in local.parts.values())}):
                continue
            waiting, before = rows._pending_rows(self, kind), 0
            while len(waiting) != before:
                before = len(waiting)
                still = rows
                for ids in split_every(SET_SIZE, waiting.ids):
                    still |= rows.browse(ids)._apply()
                    commit()
                waiting = still


def _cached(record, name, value):
    """Return ``value`` as Odoo compares it with that of a record."""
    return record._fields[name].convert_to_cache(value, record, validate=False)


def _activation(record, values):
    """Return what activates a record that is used in the remote."""
    if "active" not in record._fields or record.active or not values["active"]:
        return {}
    return {"active": True}


def _is_equal(record, name, value):
    """Return whether a field has ``value``: ids for relations."""
    if record._fields[name].type == "many2many":
        return set(record[name].ids) == set(value)
    return _cached(record, name, value) == _cached(record, name, record[name])


def _linked(record):
    return {"res_model": record._name, "res_id": record.id}


def _created(local, name, value):
    """Return ``value`` as ``create`` takes it."""
    if name in local.parts:
        return [Command.create(values) for values in value.values()]
    return [Command.set(value)] if isinstance(local.values[name], Refs) else value


def _paired(lines, parts):
    """Return {part: line}: its own, and for new parts the lines that nothing else has.

    :param lines: the lines of one owner
    :param parts: rows, in the order of their lines
    """
    own = {line.id: line for line in lines}
    pairs = {part: own.pop(part.res_id) for part in parts if part.res_id in own}
    order = "sequence" if "sequence" in lines._fields else "id"
    free = lines.browse(own).sorted(lambda line: (line[order], line.id))
    rest = [part for part in parts if part not in pairs]
    return pairs | dict(zip(rest, free, strict=False))


def _line_commands(lines, parts):
    """Return the commands that make ``lines`` equal the parts.

    :param parts: {part: values}; none at all: what Odoo made by itself stays
    """
    if not parts:
        return []
    pairs = _paired(lines, parts)
    commands = []
    for part, values in parts.items():
        line = pairs.get(part)
        if not line:
            commands.append(Command.create(values))
        elif diff := {n: v for n, v in values.items() if not _is_equal(line, n, v)}:
            commands.append(Command.update(line.id, diff))
    kept = lines.browse().union(*pairs.values())
    return commands + [Command.delete(line.id) for line in lines - kept]


def _text(error):
    """Return what Odoo said, without the details of the database."""
    if isinstance(error, IntegrityError):
        return error.diag.message_primary or str(error)
    return str(error.args[0]) if error.args else str(error)
