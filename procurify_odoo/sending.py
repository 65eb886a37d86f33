"""What is sent of any document: rows of ``load``, calls of buttons, external ids.

What is refused is found half by half, and the rest is sent.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import (
    Denied,
    Gone,
    Incompatible,
    RefusedRow,
    RefusedValues,
    RemoteError,
    RemoteFault,
    RowsRefused,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .client import RemoteOdoo

#: Documents of one answer that has their lines, too: some 5 MB.
WITH_LINES = 1000
#: Errors of the values that were sent, after which nothing is saved.
REFUSALS = (RefusedValues, RemoteFault, Gone)
#: Those of bills that are there: rules of the remote may forbid to change one of them.
CHANGE_REFUSALS = (*REFUSALS, Denied, Incompatible)


# === EXTERNAL IDS === #


def external_ids(remote: RemoteOdoo, model: str, ids: Iterable[int]) -> dict[int, str]:
    """Return {id: external id} of records of a model, "" without one.

    What the API user may not see has its external id. What is deleted has none.
    """
    wanted = sorted(set(ids))
    found = remote.call(model, "get_external_id", wanted) if wanted else {}
    return {int(id_): name or "" for id_, name in found.items()}


# === CREATING === #


class CannotSay(Exception):
    """This version has no field for something that the image says."""


@dataclass
class Outcome:
    """What became of some bills, by their place in the list.

    :param ids: of those that are there now
    :param refused: in the words of the remote
    """

    ids: dict[int, int] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)


def load_documents(
    remote: RemoteOdoo,
    model: str,
    images: Sequence[Mapping[str, Any]],
    rows_of: Callable[[Mapping[str, Any]], list[dict[str, Any]]],
    context: Mapping[str, Any],
) -> Outcome:
    """Create documents, those that are refused excepted. It is safe to repeat.

    :param rows_of: returns the rows of one as ``load`` reads them, or raises CannotSay
    :raises RemoteError: other than a refusal: the outcome may be unknown
    """
    outcome, tables = Outcome(), {}
    for place, image in enumerate(images):
        try:
            tables[place] = rows_of(image)
        except CannotSay as error:
            outcome.refused[place] = str(error)

    def load(places: list[int]) -> list[int]:
        columns, rows = matrix([tables[place] for place in places])
        return remote.load(model, columns, rows, context=context)

    def starts(places: list[int]) -> list[int]:
        found, next_row = [], 0
        for place in places:
            found.append(next_row)
            next_row += len(tables[place])
        return found

    load_apart(list(tables), load, starts, outcome)
    return outcome


def load_apart(
    places: list[int],
    load: Callable[[list[int]], list[int]],
    starts: Callable[[list[int]], list[int]],
    outcome: Outcome,
    refusals: tuple[type[RemoteError], ...] = REFUSALS,
) -> None:
    """Load what is not refused: without the guilty rows, else half by half.

    :param load: loads all or none of some places, and returns their ids
    :param starts: returns the number of the first row of each place
    :param outcome: is completed here
    :param refusals: errors that one of the places may be guilty of
    """
    while places:
        try:
            ids = load(places)
        except RowsRefused as error:
            guilty = _guilty(error.rows, starts(places))
            refusal: Exception = error
        except refusals as error:
            guilty, refusal = {}, error
        else:
            outcome.ids |= dict(zip(places, ids, strict=True))
            return
        if not guilty and len(places) == 1:
            guilty = {0: str(refusal)}
        if not guilty:
            middle = len(places) // 2
            for part in (places[:middle], places[middle:]):
                load_apart(part, load, starts, outcome, refusals)
            return
        outcome.refused |= {places[n]: words for n, words in guilty.items()}
        places = [place for n, place in enumerate(places) if n not in guilty]


def _guilty(rows: Iterable[RefusedRow], starts: list[int]) -> dict[int, str]:
    """Return {number of a bill: why it is refused}.

    Odoo also accuses the first row of what it says of another one, see its ``load``.
    """
    said: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        if row.row is not None:
            number = sum(start <= row.row for start in starts) - 1
            said[number].append(row.message)
    others = {words for number, mine in said.items() if number for words in mine}
    if others and set(said.get(0, ())) <= others:
        said.pop(0, None)
    return {number: "\n".join(dict.fromkeys(mine)) for number, mine in said.items()}


# === ROWS === #


def columns_of(path: str, value: Any, is_relation: bool) -> dict[str, Any]:
    """Return {column: cell} of one value."""
    if not is_relation:
        return {path: _json(value) if isinstance(value, dict) else value}
    ids = value if isinstance(value, list) else [value] if value else []
    return {f"{path}/.id": ",".join(str(each) for each in ids)}


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, default=float)


def matrix(
    tables: Sequence[list[dict[str, Any]]],
) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows of several bills."""
    columns = list(
        dict.fromkeys(name for table in tables for row in table for name in row)
    )
    rows = [
        [row.get(name, "") for name in columns] for table in tables for row in table
    ]
    return columns, rows


def commands(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a line as ``write`` takes them."""
    return {
        name: [(6, 0, value)] if isinstance(value, list) else value
        for name, value in values.items()
    }


# === BUTTONS === #


def call_apart(
    remote: RemoteOdoo,
    model: str,
    method: str,
    ids: list[int],
    context: Mapping[str, Any],
) -> dict[int, str]:
    """Call a method of documents, half by half where it is refused.

    The remote does not compute bills again.

    :returns: {id: why it is refused}
    :raises RemoteError: other than a refusal: the outcome may be unknown
    """
    if not ids:
        return {}
    own = {**context, "skip_invoice_sync": True}
    try:
        remote.call(model, method, ids, context=own)
    except CHANGE_REFUSALS as error:
        if len(ids) == 1:
            return {ids[0]: str(error)}
        middle = len(ids) // 2
        refused: dict[int, str] = {}
        for part in (ids[:middle], ids[middle:]):
            refused |= call_apart(remote, model, method, part, context)
        return refused
    return {}


# === READING === #


def search_read(
    remote: RemoteOdoo,
    model: str,
    domain: list[Any],
    names: Sequence[str],
    context: Mapping[str, Any],
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = remote.call(
        model,
        "search_read",
        domain=domain,
        fields=list(names),
        context={"active_test": False, **context},
    )
    return found


@dataclass(frozen=True)
class Kind:
    """A kind of documents with lines.

    :param owner: the line's field of its document
    :param lines: the document's field of its lines
    """

    model: str
    names: tuple[str, ...]
    line_model: str
    line_names: tuple[str, ...]
    owner: str
    lines: str


def read_with_lines(
    remote: RemoteOdoo,
    kind: Kind,
    ids: Sequence[int],
    context: Mapping[str, Any],
    since: str = "",
) -> tuple[list[dict[str, Any]], dict[int, list[dict[str, Any]]]]:
    """Return documents, and {id of a document: its lines}, at once.

    :param since: only documents that changed, or a line of them, at this time or later.
        In old versions, a change of a line does not move the time of its document
    """
    if remote.dialect.reads_lines_within:
        return _read_nested(remote, kind, ids, context, since)
    if since:
        ids = _changed_ids(remote, kind, ids, context, since)
    if not ids:
        return [], {}
    documents, found = remote.side_by_side(
        lambda: search_read(
            remote, kind.model, [("id", "in", ids)], kind.names, context
        ),
        lambda: search_read(
            remote,
            kind.line_model,
            [(kind.owner, "in", ids)],
            (kind.owner, *kind.line_names),
            context,
        ),
    )
    lines: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for line in found:
        lines[id_of(line[kind.owner])].append(line)
    return documents, lines


def _changed_ids(
    remote: RemoteOdoo,
    kind: Kind,
    ids: Sequence[int],
    context: Mapping[str, Any],
    since: str,
) -> list[int]:
    is_new = ("write_date", ">=", since)
    found = remote.side_by_side(
        *(
            lambda each=each: search_read(
                remote, each[0], [(each[1], "in", ids), is_new], [each[1]], context
            )
            for each in ((kind.model, "id"), (kind.line_model, kind.owner))
        )
    )
    names = ("id", kind.owner)
    return sorted(
        {
            id_of(row[name])
            for name, rows in zip(names, found, strict=True)
            for row in rows
        }
    )


def _read_nested(
    remote: RemoteOdoo,
    kind: Kind,
    ids: Sequence[int],
    context: Mapping[str, Any],
    since: str,
) -> tuple[list[dict[str, Any]], dict[int, list[dict[str, Any]]]]:
    """Do the same, so many in one call; what a field refers to comes without its
    name."""
    domain: list[Any] = [("id", "in", ids)]
    if since:
        is_new = ("write_date", ">=", since)
        # The lines of others are not looked through: there may be millions.
        of_lines = [(kind.owner, "in", ids), is_new]
        domain += ["|", is_new, (kind.lines, "any", of_lines)]
    documents: list[dict[str, Any]] = []
    last = 0
    while True:
        found = remote.call(
            kind.model,
            "web_search_read",
            domain=[*domain, ("id", ">", last)],
            specification=_nested(kind),
            order="id",
            limit=WITH_LINES,
            context={"active_test": False, **context},
        )
        documents += found["records"]
        if len(found["records"]) < WITH_LINES:
            return _unfolded(kind, documents)
        last = documents[-1]["id"]


def write_and_read(
    remote: RemoteOdoo,
    kind: Kind,
    values: Mapping[int, Mapping[str, Any]],
    context: Mapping[str, Any],
) -> tuple[list[dict[str, Any]], dict[int, list[dict[str, Any]]]]:
    """Write values of each document's own, and return what ``read_with_lines`` does:
    one call, of versions that read lines within.

    :param values: {id: {field: value}}
    """
    found = remote.call(
        kind.model,
        "web_save_multi",
        list(values),
        vals_list=[dict(own) for own in values.values()],
        specification=_nested(kind),
        context={"active_test": False, **context},
    )
    return _unfolded(kind, found)


def _nested(kind: Kind) -> dict[str, Any]:
    plain: dict[str, Any] = {name: {} for name in kind.names}
    return {**plain, kind.lines: {"fields": {name: {} for name in kind.line_names}}}


def _unfolded(
    kind: Kind, documents: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], dict[int, list[dict[str, Any]]]]:
    return documents, {each["id"]: each.pop(kind.lines) for each in documents}


def newest_of(document: Mapping[str, Any], lines: Iterable[Mapping[str, Any]]) -> str:
    """Return when a document or one of its lines was changed last."""
    return max(str(each["write_date"]) for each in (document, *lines))


def creation_times(
    remote: RemoteOdoo, model: str, ids: Iterable[int], context: Mapping[str, Any]
) -> dict[int, str]:
    """Return {id: when it was created} of records that exist.

    It is "" of those that the API user may not see.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    domain = [("id", "in", wanted)]
    rows = search_read(remote, model, domain, ("create_date",), context)
    found = {row["id"]: str(row["create_date"]) for row in rows}
    for id_ in wanted:
        if id_ not in found:
            # Odoo says of one record at a time whether it is hidden or deleted.
            try:
                rows = remote.call(
                    model, "read", [id_], fields=["create_date"], context=context
                )
            except Denied:
                found[id_] = ""
            except Gone:
                continue
            else:
                found |= {row["id"]: "" for row in rows}
    return found


def id_of(value: Any) -> int:
    """Return the id in a many2one as it is read."""
    return int(value[0] if isinstance(value, list) else value or 0)
