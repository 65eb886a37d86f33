"""What speaks for each Odoo record that an object may be, looked up as sets.

``decision`` decides by it. Everything here runs as the model's user: what that user may
not read is no candidate. ``model`` is an Odoo model with ``procurify.import.mixin``.
"""

from collections import defaultdict

from odoo.fields import Domain

from .decision import decide, settle
from .names import NEAR_NAME, SAME_NAME, NameIndex, normalise
from .search import has_text, name_matches
from .siblings import Siblings

# Rows that one search for similar names reads at most.
_MOST_NEAR = 5000


def verdicts_of(model, findings, siblings):
    """Return {record: Verdict}.

    :param findings: {record: [Finding]}
    :param siblings: Siblings of the records
    """
    rule = model._procurify_rule
    verdicts = {
        record: decide(mine, rule, siblings.rivals(record))
        for record, mine in findings.items()
    }
    return settle(verdicts, rule)


def findings_of(model, clues):
    """Return ({record: [Finding]}, Siblings) of records of one connection.

    :param clues: {record: Clues}
    """
    records = next(iter(clues), None)
    if not records:
        return {}, None
    records = records.union(*clues)
    siblings = Siblings(model, records)
    domain = model._procurify_matchable(records.connection_id, records[0].resource)
    evidence = model.with_context(active_test=False)._procurify_evidence(clues, domain)
    name = model._procurify_name_field
    siblings.look_at(
        model.union(*(each for mine in evidence.values() for each in mine))
    )
    for record, mine in evidence.items():
        siblings.note_linked(record, mine)
        for target, witnesses in list(mine.items()):
            # Only alike, and another object is it already: no twin to fear.
            if witnesses == {NEAR_NAME} and siblings.has_owner(
                record, target, target[name]
            ):
                del mine[target]
    findings = model._procurify_weigh(evidence, clues, siblings)
    return {
        record: [
            finding._replace(
                is_claimed=siblings.is_claimed(record, finding.target[name])
            )
            if finding.fits
            else finding
            for finding in mine
        ]
        for record, mine in findings.items()
    }, siblings


def names_of(model, clue):
    """Return the names among ``clue``'s marks, or else its name."""
    marked = clue.marks.get((SAME_NAME, model._procurify_name_field))
    return [text for text in marked or [clue.name] if text]


def find_evidence(model, clues, domain):
    """Return {record: {target: set of witnesses}} of the records with a key or a name.

    Two queries, however many records.

    :param clues: {record: Clues}
    :param domain: of what is compared
    """
    field = model._procurify_name_field
    names = NameIndex(
        {record: names_of(model, clue) for record, clue in clues.items()},
        legal=model._procurify_legal_names,
    )
    keys = _keys(model, clues)
    fits, near = names.patterns()
    conditions = [has_text(key, by_text) for (_witness, key), by_text in keys.items()]
    if fits:
        conditions.append(name_matches(field, fits))
    found = model.search(domain & Domain.OR(conditions)) if conditions else model
    if near:
        found |= model.search(
            domain & name_matches(field, near), limit=_MOST_NEAR, order="id"
        )
    evidence = {record: defaultdict(set) for record in clues}
    for target in found:
        for (witness, key), by_text in keys.items():
            for record in by_text.get(normalise(target[key]), ()):
                evidence[record][target].add(witness)
        for record, kind in names.look_up(target[field] or "").items():
            evidence[record][target].add(kind)
    return evidence


def _keys(model, clues):
    """Return {(witness, field): {normalised text: records}} of all but names."""
    keys = defaultdict(lambda: defaultdict(list))
    for record, clue in clues.items():
        for mark, texts in clue.marks.items():
            if mark != (SAME_NAME, model._procurify_name_field):
                for text in filter(None, texts):
                    keys[mark][normalise(text)].append(record)
    return keys
