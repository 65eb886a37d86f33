"""What an unmapped object may be in Odoo, for a person who chooses.

Everything here runs as the model's user: what that user may not read is not suggested.
``model`` is an Odoo model with ``procurify.import.mixin``.
"""

from odoo.fields import Domain

from .candidates import Likeness, code_prefix, code_similarity, name_similarity, rank
from .evidence import findings_of, names_of, verdicts_of
from .names import NameIndex
from .search import name_matches, search_by

# How many rows one search for what is similar reads at most, for so many records.
_MOST_SIMILAR, _MOST_SIMILAR_EACH = 100, 20


def suggest(model, records):
    """Return {record: [Candidate]}, best first; a handful of queries for all.

    :param records: master records of one company and resource
    """
    if not model.has_access("read"):
        return {}
    company = records.company_id
    domain = model._procurify_suggestible() & model._procurify_company_domain(company)
    payloads = records._payloads()
    clues = {record: model._procurify_clues(p) for record, p in payloads.items()}
    with_archived = model.with_context(active_test=False)
    alike = with_archived._procurify_likeness(clues, domain)
    found = {}
    for connection in records.connection_id:
        mine = {r: c for r, c in clues.items() if r.connection_id == connection}
        findings, siblings = findings_of(model, mine)
        decidable = {
            record: several
            for record, several in findings.items()
            if model._procurify_decidable(payloads[record])
        }
        verdicts = verdicts_of(model, decidable, siblings)
        for record, several in findings.items():
            proposed = model._procurify_proposable(clues[record], several)
            found[record] = proposed, verdicts.get(record)
    return {
        record: rank(
            several,
            _others(alike.get(record, {}), several),
            lambda target: not target._procurify_is_active(),
            verdict,
            _closeness(alike.get(record, {})),
        )
        for record, (several, verdict) in found.items()
    }


def alike_by_name(model, clues, domain):
    """Return {record: {target: similarity}} by names, and codes where there are some.

    :param clues: {record: Clues}
    """
    found = _similar(model, clues, domain)
    return {
        record: {target: _similarity(target, clue) for target in found}
        for record, clue in clues.items()
    }


def _similar(model, clues, domain):
    """Return those records that are like some of ``clues``, not all that are.

    All names are looked for in one pass over the table.
    """
    found = model.browse()
    most = _MOST_SIMILAR + _MOST_SIMILAR_EACH * len(clues)
    names = {record: names_of(model, clue) for record, clue in clues.items()}
    _fits, near = NameIndex(names, legal=model._procurify_legal_names).patterns()
    if near:
        matches = name_matches(model._procurify_name_field, near)
        found |= model.search(domain & matches, limit=most)
    if field := model._procurify_code_field:
        prefixes = {code_prefix(clue.code) for clue in clues.values()} - {""}
        if prefixes:
            matches = Domain.OR(Domain(field, "=like", f"{p}%") for p in prefixes)
            found |= model.search(domain & matches, limit=most)
    return found


def named(model, texts, company):
    """Return {normalised text: records of exactly this code, or else name}."""
    domain = model._procurify_suggestible() & model._procurify_company_domain(company)
    by_name = search_by(model, model._procurify_name_field, texts, domain)
    if field := model._procurify_code_field:
        by_name |= search_by(model, field, texts, domain)
    return by_name


def _closeness(alike):
    """Return {target: similarity} of those ``alike``."""
    return {
        target: how.similarity if isinstance(how, Likeness) else how
        for target, how in alike.items()
    }


def _others(alike, findings):
    """Return those ``alike`` that no finding is about."""
    known = {finding.target for finding in findings}
    return {target: how for target, how in alike.items() if target not in known}


def _similarity(target, clue):
    """Return from 0 to 1 how much ``target`` is like ``clue``."""
    name = name_similarity(clue.name, target[target._procurify_name_field] or "")
    if not target._procurify_code_field:
        return name
    code = target[target._procurify_code_field] or ""
    return max(name, code_similarity(clue.code, code))
