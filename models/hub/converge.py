"""Sending: the remote Odoo is brought to what the documents here say.

``_converge`` reads from top to bottom: what is there, what was under way when a run
ended, vendors, products, orders, bills, files. Of each chunk the images are committed
before it is sent, and what came of it afterwards.
"""

import time
from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ...importers.issues import ISSUES, Hold
from ...importers.parcel import Parcel
from ...importers.remote_adoption import RemoteAdoption
from ...importers.remote_images import (
    COUNTRY_COLUMN,
    VENDOR_COLUMNS,
    BillImages,
    NotThere,
    country_name,
    external_id,
    sources_of,
    vendor_changes,
    vendor_image,
)
from ...procurify_odoo.bills import (
    MODEL,
    create_bills,
    differences,
    entered_there,
    read_bills,
    reconcile_credit,
    references,
    rewrite_bill,
)
from ...procurify_odoo.sending import (
    CHANGE_REFUSALS,
    REFUSALS,
    CannotSay,
    Outcome,
    call_apart,
    id_of,
    load_apart,
    search_read,
)
from ...tools.own_values import write_each
from ...tools.private import is_run_manually
from .procurify_dispatch import (
    FILES,
    MOVES,
    ORDER_LINES,
    ORDERS,
    PAID,
    PARTNERS,
    PRODUCTS,
)
from .schedule import TimeOver

CHUNK = 100  # rows of one call: 100 bills of five lines take about four seconds
FEW = 4  # a quarter more
LONGEST_CALL_S = 30.0  # proxies end requests after a minute
FILES_CHUNK = 10
RETRIED_EVERY = timedelta(days=1)
FILES_CHUNK_BYTES = 8_000_000
#: What a record of the remote is for the API user.
_ACTIVE, _ARCHIVED, _HIDDEN = "active", "archived", "hidden"
#: What is written on the row of what is as it was sent.
_SENT = {"state": "sent", "is_due": False, "message": False}


class ProcurifyTarget(models.Model):
    _inherit = "procurify.target"

    dispatch_ids = fields.One2many("procurify.dispatch", "target_id", readonly=True)
    dispatch_count = fields.Integer("Documents", compute="_compute_dispatch_count")

    retried_at = fields.Datetime(
        "Refused Ones Tried Again On", readonly=True, copy=False
    )
    bills_per_call = fields.Integer(
        readonly=True,
        default=CHUNK,
        copy=False,
        help="Fewer where the remote Odoo is slow.",
    )

    # === COMPUTE METHODS === #

    @api.depends("dispatch_ids")
    def _compute_dispatch_count(self):
        groups = self.env["procurify.dispatch"]._read_group(
            Domain("target_id", "in", self.ids)
            & Domain("res_model", "!=", ORDER_LINES),
            ["target_id"],
            ["__count"],
        )
        counts = dict(groups)
        for target in self:
            target.dispatch_count = counts.get(target, 0)

    # === CRON METHODS === #

    @api.model
    def _cron_converge(self, target_id=0):
        """Send what changed to each remote Odoo that is ready.

        :param target_id: see ``_served``
        """
        self._work_with_each("_converge", target_id)

    # === CONVERGE === #

    def _converge(self, remote):
        """Bring the remote to what the documents here say.

        :returns: what a person must know first; nothing is sent then
        :raises RemoteError: the remote cannot be reached, or an outcome is unknown
        """
        if problem := self._pull_changes(remote):
            return problem
        if self.mirror_state and not self.compared_at:
            # Ids may stand for other records than those that were read.
            self._mirror()
        self._find_interrupted(remote)
        self._retry_refused()
        self._expect_files()
        seen = {}
        for model, send in (
            (PARTNERS, self._send_vendors),
            (PRODUCTS, self._send_products),
            (ORDERS, self._send_orders),
            (MOVES, self._send_bills),
            (FILES, self._send_files),
        ):
            while rows := self._next_due(model):
                send(remote, rows, seen)
                self._commit_sent(len(rows))
        return None

    def _retry_refused(self):
        """Compare again what was refused: once a day, and after the remote's master
        data changed."""
        now, last = fields.Datetime.now(), self.retried_at
        is_soon = last and last >= now - RETRIED_EVERY
        if is_soon and not (self.mirrored_at and self.mirrored_at > last):
            return
        rows = self.env["procurify.dispatch"].search(
            Domain("target_id", "=", self.id)
            & Domain("res_model", "in", (MOVES, ORDERS))
            & Domain("state", "=", "refused")
            & Domain("record_id.issue_ids.code", "=", "remote_refused")
        )
        if rows:
            rows.is_due = True
            self.retried_at = now

    def _next_due(self, model):
        """Return the next rows to compare. A run that ended left some to send.

        A few more than usual are taken if they are the last.
        """
        is_due = Domain("is_due", "=", True) & Domain("state", "!=", "sending")
        limits = dict.fromkeys((MOVES, ORDERS), self.bills_per_call)
        limits[FILES] = FILES_CHUNK
        usual = limits.get(model, CHUNK)
        most = usual + usual // FEW
        rows = self.env["procurify.dispatch"].search(
            Domain("target_id", "=", self.id)
            & Domain("res_model", "=", model)
            & (is_due | Domain("state", "=", "to_send"))
            & Domain("connection_id", "in", self._live_connections().ids),
            order="id",
            limit=most + 1,
        )
        return rows if len(rows) <= most else rows[:usual]

    def _commit_sent(self, count=0):
        """Commit what is known now.

        :raises TryAgain: the job's time is over, and the rest is for the next run
        """
        time_left = self.env["ir.cron"]._commit_progress(count)
        if not (time_left or is_run_manually()):
            self._send_soon()
            raise TimeOver

    # === WHAT WAS UNDER WAY === #

    def _find_interrupted(self, remote):
        """Look for what was being sent when an earlier run ended.

        What is there is compared; what is not there is sent again.
        """
        rows = self.env["procurify.dispatch"].search(
            Domain("target_id", "=", self.id) & Domain("state", "=", "sending")
        )
        if not rows:
            return
        found = self._look_up(remote, rows.filtered(lambda row: not row.remote_id))
        write_each({row: {"remote_id": id_} for row, id_ in found.items()})
        bills = rows.filtered(lambda row: row.res_model == MOVES and row.remote_id)
        facts = read_bills(remote, bills.mapped("remote_id"), self._there())
        arrived = bills.filtered(
            lambda row: (
                (there := facts.get(row.remote_id))
                and row.image
                and not differences(row.image, there, remote.dialect)
            )
        )
        write_each({row: {"sent_image": row.image} for row in arrived})
        # A new bill with other values than were sent stays as it is, with an issue.
        for row in (bills & self._rows(found)) - arrived:
            row.sent_image = row.image
        orders = rows.filtered(lambda row: row.res_model == ORDERS and row.remote_id)
        self._find_interrupted_orders(remote, orders, self._rows(found))
        rows.write({"state": "to_send", "is_due": True})
        self._commit_sent()

    def _look_up(self, remote, rows):
        """Return {row: remote id} of those new rows that are in the remote.

        The API user may not read external ids, but may ask for those of records: of
        its own newest ones.
        """
        found, uid = {}, remote.authenticate() if rows else 0
        for model, mine in rows.grouped("res_model").items():
            newest = self.env["procurify.dispatch"].search(
                Domain("target_id", "=", self.id)
                & Domain("res_model", "=", model)
                & Domain("remote_id", "!=", 0)
                & Domain("created_there", "=", False),
                order="remote_id desc",
                limit=1,
            )
            ids = remote.call(
                model,
                "search",
                domain=[
                    ("create_uid", "=", uid),
                    ("id", ">", newest.remote_id or 0),
                ],
                context={"active_test": False, **self._there()},
            )
            if not ids:
                continue
            names = remote.call(model, "get_external_id", ids)
            by_name = {name: int(id_) for id_, name in names.items() if name}
            found |= {
                row: by_name[row.external_id]
                for row in mine
                if row.external_id in by_name
            }
        return found

    # === VENDORS === #

    def _send_vendors(self, remote, rows, _seen):
        """Create the vendors that the import created here, and send their changes.

        One that was sent and is not there is not created again: it was deleted or
        merged, or is hidden, and people say which one it is now.
        """
        partners = self.env[PARTNERS].browse(rows.mapped("res_id")).exists()
        known = {partner.id: partner for partner in partners}
        there = self._remote_ids(partners)
        sent = rows.filtered(lambda row: row.sent_at and row.res_id in there)
        if sent:
            self._send_vendor_changes(remote, sent, known, there)
        if rows := rows - sent:
            tables = [
                row.res_id in known
                and not row.sent_at
                and vendor_image(known[row.res_id], row.external_id)
                for row in rows
            ]
            self._send_created(remote, "partner", rows, known, tables)

    def _send_vendor_changes(self, remote, rows, known, ids):
        """Write what Procurify changed of vendors that are there.

        A field that a person changed there is that person's from then on. Nothing is
        noted before: after a crash, the same comparison finds what is left.

        :param known: {id: partner here}
        :param ids: {id: remote id}
        """
        images = {r: vendor_image(known[r.res_id], r.external_id) for r in rows}
        news = [row for row in rows if images[row] != row.sent_image]
        countries = self._countries_there() if news else {}
        facts = self._vendors_there(
            remote, [ids[row.res_id] for row in news], countries
        )
        outcome, changes = {row: _SENT for row in rows}, {}
        for row in news:
            there = facts.get(ids[row.res_id])
            if there is None:
                words = self._explain_not_there(known[row.res_id])
                outcome[row] = _SENT | {"state": "refused", "message": words}
                continue
            changes[row] = vendor_changes(images[row], row.sent_image, there)
        refused = self._write_vendors(
            remote, {row: mine for row, mine in changes.items() if mine}, ids
        )
        for row, mine in changes.items():
            if row in refused:
                outcome[row] = _SENT | {"state": "refused", "message": refused[row]}
                continue
            there, image = facts[ids[row.res_id]], images[row]
            same = {name for name in there if there[name] == image[name]}
            kept = {name: image[name] for name in mine.keys() | same}
            outcome[row] = _SENT | {
                "sent_image": row.sent_image | kept,
                "sent_at": fields.Datetime.now(),
            }
        write_each(outcome)

    def _write_vendors(self, remote, changes, ids):
        """Write changes of vendors that are there: one call for all that change the
        same columns.

        :param changes: {row: {column: value}}
        :param ids: {id of a partner here: remote id}
        :returns: {row: why it is refused}
        """
        alike, refused = defaultdict(list), {}
        for row, mine in changes.items():
            alike[tuple(mine)].append(row)
        for rows in alike.values():
            tables = [{".id": ids[row.res_id], **changes[row]} for row in rows]
            outcome = self._load(remote, PARTNERS, tables, CHANGE_REFUSALS)
            refused |= {rows[n]: words for n, words in outcome.refused.items()}
        return refused

    def _vendors_there(self, remote, ids, countries):
        """Return {remote id: {column: value}} of vendors, as in their images.

        :param countries: see ``_countries_there``
        """
        if not ids:
            return {}
        names = (*VENDOR_COLUMNS, "country_id")
        found = search_read(remote, PARTNERS, [("id", "in", ids)], names, self._there())
        return {
            partner["id"]: {
                **{name: partner[name] or "" for name in VENDOR_COLUMNS},
                COUNTRY_COLUMN: countries.get(id_of(partner["country_id"]), ""),
            }
            for partner in found
        }

    def _countries_there(self):
        """Return {remote id: external id} of the countries."""
        rows = self.env["procurify.mirror"].sudo()
        found = rows.search_fetch(self._mapped("res.country"), ["remote_id", "res_id"])
        countries = self.env["res.country"].browse(found.mapped("res_id"))
        codes = {country.id: country.code for country in countries}
        return {row.remote_id: country_name(codes[row.res_id]) for row in found}

    def _send_created(self, remote, kind, rows, known, tables):
        """Create records of master data there, and note which ones they are.

        :param kind: of the mirror
        :param known: {id: record here} of the rows
        :param tables: {column: value} of each row, or a false value
        """
        self._note_sending(
            {row: table or row.image for row, table in zip(rows, tables, strict=True)}
        )
        outcome = self._load(remote, rows[0].res_model, tables)
        outcome.refused |= {
            n: self._explain_not_there(known[row.res_id])
            for n, row in enumerate(rows)
            if row.sent_at and row.res_id in known
        }
        self._note_loaded(rows, outcome)
        self._keep_remote_ids(
            kind, {known[rows[n].res_id]: id_ for n, id_ in outcome.ids.items()}
        )

    def _load(self, remote, model, tables, refusals=REFUSALS):
        """Create or write records of one row each, those that are refused excepted.

        :param tables: {column: value} of each, or None: it is not sent
        :param refusals: errors that one of them may be guilty of
        """
        outcome = Outcome()

        def load(places):
            columns = list(tables[places[0]])
            data = [[tables[place][name] for name in columns] for place in places]
            return remote.load(model, columns, data, context=self._there())

        load_apart(
            [place for place, table in enumerate(tables) if table],
            load,
            lambda places: list(range(len(places))),
            outcome,
            refusals,
        )
        return outcome

    def _note_loaded(self, rows, outcome):
        now = fields.Datetime.now()
        write_each(
            {
                row: {"state": "sent", "remote_id": outcome.ids[n], "message": False}
                | {"sent_at": now, "sent_image": row.image}
                if n in outcome.ids
                else {"state": "refused", "message": outcome.refused.get(n, False)}
                for n, row in enumerate(rows)
            }
        )

    def _note_sending(self, images):
        """Commit what is about to be sent.

        :param images: {row: image}
        """
        write_each(
            {
                row: {"state": "sending", "is_due": False, "image": image}
                for row, image in images.items()
            }
        )
        self.env["ir.cron"]._commit_progress()

    # === BILLS === #

    def _send_bills(self, remote, rows, seen):
        """Create, rewrite, check and post bills, each as far as nothing is against it.

        :param seen: {model: {id: what it is for the API user}}, for the whole run
        """
        rows -= self._after_their_bill(rows)
        parcels = [Parcel(row, row.state) for row in rows]
        # Until their outcome is written, a run that ends leaves them to the next.
        rows.write({"is_due": False, "state": "to_send"})
        missing = self._make_images(remote, parcels)
        if self._expect_vendors(
            {
                record: parcel.row.connection_id
                for parcel, record in missing.items()
                if record._name == PARTNERS
            }
        ):
            # They are sent first.
            while vendors := self._next_due(PARTNERS):
                self._send_vendors(remote, vendors, seen)
            missing = self._make_images(remote, parcels)
        self._refuse_missing(missing)
        rivals = self._refuse_hidden(remote, parcels, seen, references, entered_there)
        RemoteAdoption(self, remote).bills([p for p in parcels if p.is_open])
        self._look(remote, parcels, is_first=True)
        self._find_news(remote, parcels)
        self._refuse_rivals([p for p in parcels if p.is_open], rivals)
        news = [parcel for parcel in parcels if parcel.is_open and parcel.is_news]
        if news:
            self._note_sending({parcel.row: parcel.image for parcel in news})
            self._create_bills(remote, [p for p in news if not p.row.remote_id])
            self._rewrite_bills(remote, [p for p in news if p.there])
            self._look(remote, news)
        self._check(remote, [p for p in parcels if p.is_open and p.is_to_check])
        self._release([p for p in parcels if p.is_open])
        self._change_states(remote, [p for p in parcels if p.is_open])
        self._note_sent(parcels)
        self._note_gone(self._rows(p.row for p in parcels if p.is_gone))
        self._follow_states(self._rows(p.row for p in parcels if p.there))
        self._hold(parcels)

    def _after_their_bill(self, rows):
        """Return the rows of credit notes whose bill is among them and not there yet:
        they name its id."""
        new = set(rows.filtered(lambda row: not row.remote_id).mapped("res_id"))
        moves = self.env[MOVES].browse(rows.mapped("res_id")).exists()
        later = {move.id for move in moves if move.reversed_entry_id.id in new}
        return rows.filtered(lambda row: row.res_id in later)

    def _make_images(self, remote, parcels):
        """Give each parcel its image; that of a document deleted here has none.

        :returns: {parcel: record that it names and the remote does not have}
        """
        moves = self.env[MOVES].browse(p.row.res_id for p in parcels).exists()
        by_id = {move.id: move for move in moves}
        for parcel in parcels:
            parcel.move = by_id.get(parcel.row.res_id)
        mine = [parcel for parcel in parcels if parcel.move]
        images = BillImages(
            self, {p.move: sources_of(p.move, p.row.record_id) for p in mine}
        )
        dispatches = self.env["procurify.dispatch"]
        credited = dispatches._of(MOVES, moves.reversed_entry_id.ids)
        missing = {}
        for parcel in mine:
            original = credited.get(parcel.move.reversed_entry_id.id, dispatches)
            try:
                parcel.image = images.image(
                    parcel.move,
                    parcel.row.external_id,
                    remote.dialect,
                    original.remote_id,
                )
            except NotThere as error:
                missing[parcel] = error.record
        return missing

    def _expect_vendors(self, wanted):
        """Create the rows of vendors that only this Odoo has; those that were refused
        are tried again.

        :param wanted: {partner that the remote does not have: connection}
        :returns: whether there are any
        """
        ids = [partner.id for partner in wanted]
        known = self.env["procurify.dispatch"]._of(PARTNERS, ids, self)
        self._rows(known.values()).is_due = True
        new = {p: connection for p, connection in wanted.items() if p.id not in known}
        names = self._vendor_names(new)
        before = self._vendors_sent(names.values())
        self.env["procurify.dispatch"]._create_once(
            [
                {
                    "target_id": self.id,
                    "connection_id": connection.id,
                    "record_id": names[partner].id,
                    "res_model": PARTNERS,
                    "res_id": partner.id,
                    "external_id": external_id(
                        connection,
                        "vendor" if names[partner] else "contact",
                        names[partner].external_id or partner.id,
                        before.get(names[partner], 0) + 1,
                    ),
                    "is_due": True,
                }
                for partner, connection in new.items()
            ]
        )
        return bool(wanted)

    def _vendors_sent(self, records):
        """Return {vendor's record: number of its rows}: of partners that it had."""
        groups = self.env["procurify.dispatch"]._read_group(
            Domain("target_id", "=", self.id)
            & Domain("res_model", "=", PARTNERS)
            & Domain("record_id", "in", [record.id for record in records if record]),
            ["record_id"],
            ["__count"],
        )
        return dict(groups)

    def _refuse_missing(self, missing):
        """Refuse what names something that the remote does not have.

        :param missing: {parcel: that record}
        """
        sent = self._rows_of_missing(missing.values())
        for parcel, record in missing.items():
            if record._name == ORDER_LINES:
                record = record.order_id
                words = self.env._(
                    "Its order %(name)s is not in the remote Odoo.",
                    name=record.display_name,
                )
            else:
                words = self._explain_not_there(record)
            row = sent.get(record)
            is_said = row and row.message not in (False, words)
            parcel.refused = f"{words} {row.message}" if is_said else words

    def _rows_of_missing(self, records):
        """Return {record, or the order of a line: its row} of what was to be sent."""
        records = [r.order_id if r._name == ORDER_LINES else r for r in records]
        found = {}
        for model in (PARTNERS, PRODUCTS, ORDERS):
            mine = [record for record in records if record._name == model]
            ids = [record.id for record in mine]
            rows = self.env["procurify.dispatch"]._of(model, ids, self)
            found |= {record: rows[record.id] for record in mine if record.id in rows}
        return found

    def _vendor_names(self, partners):
        """Return {partner: its vendor's record, or an empty one}."""
        records = self.env["procurify.record"]
        found = records.search(
            Domain("resource", "=", "vendor")
            & Domain("res_model", "=", PARTNERS)
            & Domain("res_id", "in", [partner.id for partner in partners])
            & Domain("connection_id.target_id", "=", self.id),
            order="id desc",
        )
        by_id = {record.res_id: record for record in found}
        return {partner: by_id.get(partner.id, records) for partner in partners}

    def _explain_not_there(self, record):
        return self.env._(
            "%(name)s (%(kind)s) is not in the remote Odoo, or the API user may not "
            "see it.",
            name=record.display_name,
            kind=record._description,
        )

    def _refuse_hidden(self, remote, parcels, seen, named_by, entered):
        """Refuse what names a record that the API user may not see, or what newly
        names one that is archived.

        Odoo itself takes any record as a value. One search for each model, and at the
        same time one for what people entered.

        :param named_by: returns {model: ids} of an image
        :param entered: reads what the remote has of the vendors and numbers of images
        :returns: what it has of those that were never sent
        """
        named = {p: named_by(p.image, remote.dialect) for p in parcels if p.is_open}
        wanted = {}
        for model in sorted({model for mine in named.values() for model in mine}):
            known = seen.setdefault(model, {})
            new = {i for mine in named.values() for i in mine.get(model, ())} - {*known}
            if new:
                wanted[model] = new
        images = [parcel.image for parcel in named if not parcel.row.remote_id]
        context = self._there()
        found, *active = remote.side_by_side(
            lambda: entered(remote, images, context),
            *(
                lambda each=each: remote.visible(*each, archived=False)
                for each in wanted.items()
            ),
        )
        self._note_seen(remote, wanted, active, seen)
        for parcel, mine in named.items():
            if hidden := self._named_as(_HIDDEN, mine, seen):
                parcel.refused = self.env._(
                    "The API user may not see a record that it names: %(names)s.",
                    names=hidden,
                )
                continue
            if sent := parcel.row.sent_image:
                before = named_by(sent, remote.dialect)
                mine = {m: ids - before.get(m, set()) for m, ids in mine.items()}
            if names := self._named_as(_ARCHIVED, mine, seen):
                parcel.refused = self.env._(
                    "It names a record that is archived in the remote Odoo: %(names)s.",
                    names=names,
                )
        return found

    @api.model
    def _note_seen(self, remote, wanted, active, seen):
        """Note what records of the remote are for the API user.

        :param wanted: {model: ids}
        :param active: of each model, which of them it sees and are not archived
        :param seen: {model: {id: what it is}}, is completed here
        """
        rest = {
            model: ids - there
            for (model, ids), there in zip(wanted.items(), active, strict=True)
            if ids - there
        }
        archived = remote.side_by_side(
            *(lambda each=each: remote.visible(*each) for each in rest.items())
        )
        for model, ids in wanted.items():
            seen[model] |= dict.fromkeys(ids, _ACTIVE)
        for (model, ids), there in zip(rest.items(), archived, strict=True):
            seen[model] |= {id_: _ARCHIVED if id_ in there else _HIDDEN for id_ in ids}

    def _named_as(self, what, named, seen):
        """Return the names of records that are hidden, or archived.

        :param named: {model: ids}
        :param seen: {model: {id: what it is for the API user}}
        """
        return ", ".join(
            f"{self._name_there(model, id_)} ({model})"
            for model, ids in named.items()
            for id_ in sorted(ids)
            if seen[model][id_] == what
        )

    def _name_there(self, model, remote_id):
        return self._local_record(model, remote_id).sudo().display_name or remote_id

    def _look(self, remote, parcels, is_first=False):
        """Read what is there of those that were sent, also of what was refused: an
        earlier step may have changed it.

        :param is_first: see ``_read_sent``
        """
        sent = [p for p in parcels if p.move and p.row.remote_id]
        self._read_sent(remote, sent, read_bills, is_first)

    def _refuse_rivals(self, parcels, found):
        """Refuse new bills that somebody entered in the remote.

        A person may say that it is not the same one.

        :param found: what the remote has of their vendors and numbers
        """
        new = [parcel for parcel in parcels if not parcel.row.remote_id]
        ours = self.env["procurify.dispatch"].search(
            Domain("target_id", "=", self.id)
            & Domain("res_model", "=", MOVES)
            & Domain("remote_id", "in", [bill["id"] for bill in found])
        )
        known = set(ours.mapped("remote_id"))
        theirs = [bill for bill in found if bill["id"] not in known]
        for parcel in new:
            said = {tuple(pair) for pair in parcel.row.record_id.ruled_out or ()}
            rivals = [bill for bill in theirs if _is_same(parcel.image, bill)]
            rivals = [
                bill for bill in rivals if (f"remote {MOVES}", bill["id"]) not in said
            ]
            if rivals:
                parcel.rival = rivals[0]
                words = ISSUES["duplicate_bill"][1]
                parcel.refused = str(words) % self._rivalry(parcel)

    def _find_news(self, remote, parcels):
        """Note which bills differ from what was sent, and which of them somebody
        changed there, so that they are not overwritten."""
        for parcel in parcels:
            row = parcel.row
            if not parcel.is_open:
                continue
            is_new = parcel.image != row.sent_image or row.is_decided
            parcel.is_news = is_new and not (row.takes_there and parcel.there)
            is_known = parcel.was == "sent" or row.is_edited or row.takes_there
            parcel.is_to_check = parcel.is_news or not is_known
            if parcel.is_news and parcel.there:
                parcel.conflict = self._why_not(remote, row, parcel.there)

    def _why_not(self, remote, row, there):
        """Return why a bill must not be overwritten, in words, or "" if it may.

        A person's decision is about what this person knew: a later change there counts.
        """
        if there.values["payment_state"] in PAID:
            return self.env._(
                "%(name)s is paid or partly paid. Use Credit and re-bill instead.",
                name=there.values["name"] or row.external_id,
            )
        if row.is_decided and row.decided_on in (False, there.written_at):
            return ""
        state = there.values["state"]
        if state == "posted":
            return self.env._("It is posted in the remote Odoo.")
        # One that was cancelled with its document, which is back by now, is reset.
        if state == "cancel" and row.remote_state != "cancel":
            return self.env._("It is cancelled in the remote Odoo.")
        return self._in_words(differences(row.sent_image, there, remote.dialect))

    def _create_bills(self, remote, parcels):
        """Create bills, and note their ids."""
        if not parcels:
            return
        started = time.monotonic()
        outcome = create_bills(remote, [p.image for p in parcels], self._there())
        spent, whole = time.monotonic() - started, self.bills_per_call
        if spent > LONGEST_CALL_S and whole > 1:
            self.bills_per_call //= 2
        elif spent < LONGEST_CALL_S / 4 and len(parcels) >= whole < CHUNK:
            self.bills_per_call = min(2 * whole, CHUNK)
        write_each(
            {parcels[n].row: {"remote_id": id_} for n, id_ in outcome.ids.items()}
        )
        for number in outcome.ids:
            parcels[number].is_written = True
        for number, words in outcome.refused.items():
            parcels[number].refused = words

    def _rewrite_bills(self, remote, parcels):
        """Bring drafts to their images. What is posted is reset first: by a person's
        choice only, see ``_find_news``."""
        for parcel in parcels:
            id_ = parcel.row.remote_id
            if parcel.there.values["state"] != "draft":
                words = call_apart(remote, MODEL, "button_draft", [id_], self._there())
                parcel.refused = words.get(id_, "")
            if parcel.refused:
                continue
            try:
                rewrite_bill(remote, id_, parcel.image, self._there())
                parcel.is_written = True
            except CannotSay as error:
                parcel.refused = str(error)
            except CHANGE_REFUSALS as error:
                parcel.refused = error.message

    def _check(self, remote, parcels):
        """Compare what is there with what was sent."""
        for parcel in parcels:
            found = differences(parcel.image, parcel.there, remote.dialect)
            parcel.wrong = self._in_words(found)

    def _change_states(self, remote, parcels):
        """Post what is to be posted, cancel what is cancelled here, and reset it."""
        drafts = [p for p in parcels if p.there.values["state"] == "draft"]
        reset = [p for p in parcels if p.is_back]
        cancel = [p for p in drafts if p.move.state == "cancel"]
        post = [p for p in drafts if p.is_to_post and p not in cancel]
        for method, mine in (
            ("button_draft", reset),
            ("action_post", post),
            ("button_cancel", cancel),
        ):
            ids = [parcel.row.remote_id for parcel in mine]
            words = call_apart(remote, MODEL, method, ids, self._there())
            for parcel in mine:
                parcel.refused = words.get(parcel.row.remote_id, "")
        done = [parcel for parcel in (*reset, *post, *cancel) if parcel.is_open]
        self._look(remote, done)
        if not remote.dialect.reconciles_credits:
            self._reconcile_credits(remote, parcels)
        self._check(remote, [parcel for parcel in done if parcel.is_open])

    def _reconcile_credits(self, remote, parcels):
        """Reconcile bills with their credit notes, where posting does not."""
        for parcel in parcels:
            there, original = parcel.there, parcel.image["reverses"]
            if (
                original
                and there
                and there.values["state"] == "posted"
                and there.values["payment_state"] == "not_paid"
            ):
                reconcile_credit(remote, [original, there.id], self._there())

    def _note_sent(self, parcels):
        """Write what came of it."""
        now, outcome = fields.Datetime.now(), {}
        for parcel in parcels:
            row = parcel.row
            mine = {"state": parcel.state, "message": parcel.message or False}
            if parcel.there:
                mine |= self._facts_of(parcel.there)
                mine["is_to_post"] = row.is_to_post and mine["remote_state"] != "posted"
            if parcel.conflict:
                mine |= {"is_edited": True, "is_decided": False}
            elif row.takes_there and parcel.there:
                mine |= {"sent_image": parcel.image, "takes_there": False}
            elif parcel.is_written:
                mine |= {"sent_image": parcel.image, "sent_at": now}
                mine |= {"is_decided": False, "is_edited": False, "edited_text": False}
            outcome[row] = mine
        write_each(outcome)

    def _release(self, parcels):
        """Take documents off hold that the remote had refused, and has now."""
        records = {parcel.row.record_id for parcel in parcels if parcel.row.record_id}
        self._rows(records, "procurify.record")._release_sent()

    def _hold(self, parcels):
        """Put documents on hold that the remote refuses, changed or does not give."""
        holds = defaultdict(list)
        for parcel in parcels:
            record = parcel.row.record_id
            for code, words in (
                ("remote_refused", parcel.refused),
                ("booked_otherwise", parcel.wrong),
                ("changed_after_booking", parcel.conflict),
                ("confirmation_refused", parcel.unconfirmed),
            ):
                if words and record:
                    params = {"value": words, "found": record.display_name}
                    if parcel.rival and code == "remote_refused":
                        is_order = parcel.row.res_model == ORDERS
                        code = "duplicate_order" if is_order else "duplicate_bill"
                        params = self._rivalry(parcel)
                    key = f"{record.resource}/{record.external_id}"
                    holds[record].append(Hold(code, key, params))
        records = self._rows(holds, "procurify.record")
        for mine in records.grouped("connection_id").values():
            mine._hold_besides({record: holds[record] for record in mine})

    def _rivalry(self, parcel):
        """Return the parameters of the issue of what somebody entered there."""
        rival, image = parcel.rival, parcel.image
        return {
            "value": parcel.row.record_id.name or image.get("ref") or image["origin"],
            "found": f"{rival['name'] or rival['ref']} ({self.name})",
            "rule": "number",
            "rival": [f"remote {parcel.row.res_model}", rival["id"]],
        }

    @api.model
    def _facts_of(self, there):
        """Return what is kept of a bill's facts."""
        values = there.values
        return {
            "remote_name": values["name"] or False,
            "remote_state": values["state"],
            "remote_payment": values["payment_state"] or False,
            "remote_total": str(values["amount_total"]),
            "remote_written_at": there.written_at,
            "remote_created_at": str(values["create_date"]),
        }

    def _in_words(self, found):
        """Return differences as one text."""
        labels = self._labels_of_differences()
        return "; ".join(
            self.env._(
                "%(field)s: expected %(meant)s, the remote Odoo has %(found)s",
                field=self._label(labels, each),
                meant=self._value(each, each.wanted),
                found=self._value(each, each.found),
            )
            for each in found
        )

    def _labels_of_differences(self):
        return {
            "type": self.env._("kind"),
            "partner": self.env._("vendor"),
            "journal": self.env._("journal"),
            "currency": self.env._("currency"),
            "ref": self.env._("number"),
            "invoice_date": self.env._("date"),
            "date": self.env._("accounting date"),
            "untaxed": self.env._("net amount"),
            "tax": self.env._("tax"),
            "total": self.env._("total"),
            "company_total": self.env._("total in the company's currency"),
            "item": self.env._("journal item"),
            "order_line": self.env._("order line"),
            "origin": self.env._("number"),
            "date_order": self.env._("date"),
            "term": self.env._("payment terms"),
            "rate": self.env._("exchange rate"),
            "state": self.env._("status"),
            "locked": self.env._("lock"),
            "line": self.env._("line"),
            "kind": self.env._("kind"),
            "name": self.env._("text"),
            "product": self.env._("product"),
            "unit": self.env._("unit"),
            "quantity": self.env._("quantity"),
            "price": self.env._("price"),
            "discount": self.env._("discount"),
            "planned": self.env._("expected arrival"),
            "taxes": self.env._("taxes"),
            "analytic": self.env._("analytic accounts"),
            "received": self.env._("received quantity"),
        }

    def _label(self, labels, difference):
        if difference.name != "item":
            text = difference.key[0].split("\n")[0] if difference.key else ""
            label = labels[difference.name]
            return f"{label} “{text}”" if text else label
        if len(difference.key) < 2:
            return labels["item"]
        account = self._name_there("account.account", difference.key[1])
        return f"{labels['item']} {account}"

    def _value(self, difference, value):
        models_ = {
            "partner": PARTNERS,
            "journal": "account.journal",
            "currency": "res.currency",
            "term": "account.payment.term",
            "product": PRODUCTS,
            "unit": "uom.uom",
        }
        if difference.name in models_ and value:
            return self._name_there(models_[difference.name], value)
        return self.env._("nothing") if value in (False, None, "") else str(value)

    @api.model
    def _rows(self, rows, model="procurify.dispatch"):
        return self.env[model].browse(row.id for row in rows)

    # === FILES === #

    def _expect_files(self):
        """Create the rows of files of sent bills that were downloaded since."""
        dispatches = self.env["procurify.dispatch"]
        known = dispatches._search(
            Domain("target_id", "=", self.id) & Domain("res_model", "=", FILES)
        )
        files = self.env["procurify.attachment"].search(
            Domain("state", "=", "done")
            & Domain("res_model", "=", MOVES)
            & Domain("record_id.connection_id.target_id", "=", self.id)
            & Domain("attachment_id", "!=", False)
            & Domain("attachment_id", "not in", known.subselect("res_id"))
        )
        bills = dispatches._of(MOVES, files.mapped("res_id"))
        dispatches._create_once(
            [
                {
                    "target_id": self.id,
                    "connection_id": file.connection_id.id,
                    "record_id": file.record_id.id,
                    "res_model": FILES,
                    "res_id": file.attachment_id.id,
                    "external_id": (f"{bills[file.res_id].external_id}_file_{file.id}"),
                    "is_due": True,
                }
                for file in files
                if file.res_id in bills and bills[file.res_id].remote_id
            ]
        )

    def _send_files(self, remote, rows, _seen):
        """Attach files to their bills."""
        files = self.env[FILES].browse(rows.mapped("res_id")).exists()
        by_id = {file.id: file for file in files}
        bills = self.env["procurify.dispatch"]._of(MOVES, files.mapped("res_id"))
        tables, size = [], 0
        for row in rows:
            file = by_id.get(row.res_id)
            bill = file and bills.get(file.res_id)
            if tables and file and size + file.file_size > FILES_CHUNK_BYTES:
                break
            size += file.file_size if file else 0
            tables.append(
                {
                    "id": row.external_id,
                    "name": file.name,
                    "res_model": MODEL,
                    "res_id": bill.remote_id,
                    "datas": file.datas.decode(),
                }
                if bill and bill.remote_id
                else None
            )
        rows = rows[: len(tables)]
        self._note_sending({row: {"name": row.external_id} for row in rows})
        outcome = self._load(remote, FILES, tables)
        self._note_loaded(rows, outcome)
        self._hold(
            [
                Parcel(row, row.state, refused=f"{by_id[row.res_id].name}: {words}")
                for row, words in ((rows[n], w) for n, w in outcome.refused.items())
            ]
        )

    # === ACTION METHODS === #

    def action_open_dispatches(self):
        """Return the action that shows what was sent to this remote Odoo."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "procurify_connector.procurify_dispatch_action"
        )
        return action | {"domain": [("target_id", "=", self.id)]}


def _is_same(image, bill):
    """Return whether a bill of the remote has the vendor, number and kind."""
    return (
        bool(image["ref"])
        and bill["ref"] == image["ref"]
        and bill["move_type"] == image["type"]
        and bill["partner_id"][0] == image["partner"]
    )
