"""Which Odoo record an object of Procurify is: the evidence, and who decides on it.

One key is no proof: numbers and mailboxes are shared, and names too. A link needs two
witnesses: a name that fits, and a key; or that nobody else bears the name on either
side. Everything else is a question for a person, and never a reason for a twin.
"""

from collections import Counter
from enum import Enum
from typing import NamedTuple

from .names import NAME_FITS, NEAR_NAME, SAME_NAME

SAME_CODE = "same_code"
SAME_EMAIL = "same_email"
SAME_BARCODE = "same_barcode"
SAME_RATE = "same_rate"
LINKED_BEFORE = "linked_before"  # to another object of Procurify with the same key
ONLY_ONE = "only_one"  # of that name, here and in Procurify

# What forbids to link by itself.
ARCHIVED = "archived"
OWN = "own_contact"  # a company's own, or of a user of Odoo
PART = "part_of_contact"  # an address or person of another contact
TAKEN = "taken"  # by another object of Procurify
OTHER_CODE = "other_code"
OTHER_KIND = "other_kind"
OTHER_COUNTRY = "other_country"
UNUSABLE = "unusable"

OBSTACLES = frozenset(
    (
        *(ARCHIVED, OWN, PART, TAKEN),
        *(OTHER_CODE, OTHER_KIND, OTHER_COUNTRY, UNUSABLE),
    )
)

_NAMES = frozenset((SAME_NAME, NAME_FITS))


class Rule(NamedTuple):
    """What suffices to link a kind of object by itself.

    :param keys: witnesses that confirm a name that fits
    :param alone: witnesses that need no second one, as an account's code
    :param only_one: whether a name suffices that one record and one object bear
    :param two_keys: whether two keys suffice without a name
    :param shared: whether several objects may be one record
    :param lone_names: whether two objects of one name are a question by themselves
    """

    keys: frozenset = frozenset()
    alone: frozenset = frozenset()
    only_one: bool = True
    two_keys: bool = False
    shared: bool = False
    lone_names: bool = False

    def suffices(self, witnesses):
        """Return whether ``witnesses`` are enough, whatever other targets there are."""
        keys = witnesses & self.keys
        return bool(
            witnesses & self.alone
            or (keys and witnesses & _NAMES)
            or (self.two_keys and len(keys) > 1)
        )


class Finding(NamedTuple):
    """A record that may be meant, what speaks for it, and what forbids it.

    :param is_claimed: whether another object of Procurify bears its name as well
    """

    target: object
    witnesses: frozenset
    obstacles: frozenset = frozenset()
    is_claimed: bool = False

    @property
    def fits(self):
        """Whether its name is the object's."""
        return bool(self.witnesses & _NAMES)

    @property
    def is_near_only(self):
        """Whether nothing but a similar name speaks for it."""
        return self.witnesses <= {NEAR_NAME}

    def told(self, words):
        """Return in words what speaks for it, and what forbids it.

        :param words: {witness or obstacle: text}
        """
        marks = [code for code in words if code in self.witnesses | self.obstacles]
        return ", ".join(str(words[code]) for code in marks)


class Outcome(Enum):
    """What follows of the evidence."""

    LINK = "link"
    AMBIGUOUS = "ambiguous"  # several fit, or what fits disagrees
    SIMILAR = "similar"  # nothing fits, and what is similar is not to get a twin
    NONE = "none"


class Verdict(NamedTuple):
    """The decision about one object, and what it rests on.

    :param findings: of a link, the only one
    :param rivals: other objects of Procurify that bear a name that fits
    """

    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    rivals: tuple[object, ...] = ()

    @property
    def is_link(self):
        """Whether the object is what the only finding says."""
        return self.outcome is Outcome.LINK

    @property
    def is_question(self):
        """Whether a person is to be asked."""
        return self.outcome in (Outcome.AMBIGUOUS, Outcome.SIMILAR)

    @property
    def target(self):
        """The record that is linked."""
        return self.findings[0].target

    @property
    def witnesses(self):
        """What speaks for the link, in a stable order."""
        return sorted(self.findings[0].witnesses)


def decide(findings, rule, rivals=()):
    """Return the Verdict about one object.

    :param findings: all Findings about it
    :param rivals: other objects of Procurify that bear a name that fits
    """
    rivals = tuple(rivals)
    free = [finding for finding in findings if not finding.obstacles]
    sure = [finding for finding in free if rule.suffices(finding.witnesses)]
    if not sure and rule.only_one:
        sure = _only_ones(findings, rule)
    if len(sure) == 1:
        return Verdict(Outcome.LINK, tuple(sure))
    told = sure or [finding for finding in findings if not finding.is_near_only]
    if told or (rivals and rule.lone_names):
        return Verdict(Outcome.AMBIGUOUS, tuple(told or findings), rivals)
    return Verdict(Outcome.SIMILAR if findings else Outcome.NONE, tuple(findings))


def _only_ones(findings, rule):
    """Return the Finding that alone bears a name that fits, if one does, as a list.

    What is archived was given up by somebody, and is no rival. A key of somebody else
    speaks against a name that is not the same to the letter.
    """
    named = [f for f in findings if f.fits and ARCHIVED not in f.obstacles]
    if len(named) != 1 or named[0].obstacles or named[0].is_claimed:
        return []
    [only] = named
    disputed = any(f is not only and f.witnesses & rule.keys for f in findings)
    if disputed and SAME_NAME not in only.witnesses:
        return []
    return [only._replace(witnesses=only.witnesses | {ONLY_ONE})]


def settle(verdicts, rule):
    """Return ``verdicts`` where no two objects are one record, unless they may be.

    :param verdicts: {object: Verdict}
    """
    if rule.shared:
        return verdicts
    wanted = Counter(v.target for v in verdicts.values() if v.is_link)
    return {
        one: verdict._replace(outcome=Outcome.AMBIGUOUS)
        if verdict.is_link and wanted[verdict.target] > 1
        else verdict
        for one, verdict in verdicts.items()
    }
