"""How names are compared: what parts two of them, and what does not."""

import re
import unicodedata
from collections import defaultdict
from difflib import SequenceMatcher
from functools import lru_cache

# A longer name is cut before it is compared: comparing costs time, and a pattern of
# the database has a limit.
LONGEST = 200
_LONGEST_WORD = 40
_MOST_WORDS = 30

SAME_NAME = "same_name"
NAME_FITS = "name_fits"
NEAR_NAME = "near_name"
# The best first.
_KINDS = (SAME_NAME, NAME_FITS, NEAR_NAME)

# Letters that Unicode does not take apart.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d"}
)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_MARKS = re.compile("[\u0300-\u036f]")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
_JOINERS = re.compile(r"[.'’`·״׳\"]")
_WORD = re.compile(r"[0-9a-z]+")
_CONNECTORS = frozenset(("and", "und", "et"))
# As a company's name ends: one form has many spellings, and the first stands for all.
_SPELLED_FORMS = (
    "ltd limited ltda ltee",
    "inc incorporated",
    "corp corporation",
    "pty ptyltd ptylimited proprietarylimited",
    "pvt pvtltd privatelimited",
    "spzoo spolkazoo",
    "gmbh mbh",
    "sa sadecv",
    "sarl eurl",
)
_OTHER_FORMS = (
    "llc llp lp plc ag kg ohg ug ek ev se sas sasu snc srl spa sapa sl slu bv nv ab as "
    "asa aps oy oyj kft zrt doo sro kk ulc bhd sdnbhd jsc ooo pjsc"
)
_FORMS = {form: form for form in _OTHER_FORMS.split()} | {
    form: forms.split()[0] for forms in _SPELLED_FORMS for form in forms.split()
}
# What stands there as well, and is no form.
_FILLERS = frozenset(("co", "company", "cie", "the"))
_ENDINGS = _FORMS.keys() | _FILLERS
_LEADING_FORMS = frozenset(("the", "ooo", "sarl", "eurl", "gmbh", "pt"))
_LONGEST_FORM = 5  # words, of «S. A. de C. V.»
# Words that many names share, and that say nothing about one of them.
_COMMON_WORDS = frozenset(
    (
        *("and", "the", "for", "net", "days", "group", "holding", "holdings"),
        *("service", "services", "solutions", "supply", "supplies", "international"),
        *("company", "limited", "industries", "products", "trading", "systems"),
    )
)
_SHORTEST_WORD = 3
_FRAGMENT = 5  # letters by which a name with a slip is looked for
_PREFIX = 10  # letters by which a name that fits is looked for
_SHORTEST_NEAR = 6
_SHORTEST_PART = 8
_NEAR = 0.88
_NEAR_WORD = 0.7


def normalise(text):
    """Return ``text`` as names are compared: as it can be read, case folded."""
    return readable(text).casefold()


def readable(text):
    """Return ``text`` as a person reads it: NFKC, spaces collapsed, without characters
    that have no width, such as marks of direction."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text or ""))
    return re.sub(r"\s+", " ", text).strip()


@lru_cache(maxsize=20000)
def _words(text, transcribed=False):
    """Return the words of ``text`` without case, accents and punctuation."""
    # An acute accent that stands alone would become a space.
    text = unicodedata.normalize("NFC", text[:LONGEST]).casefold().replace("´", "'")
    if transcribed:
        text = text.translate(_UMLAUTS)
    text = _MARKS.sub("", unicodedata.normalize("NFKD", text)).casefold()
    text = _JOINERS.sub("", text.translate(_LETTERS))
    found = _WORD.findall(text) if text.isascii() else _lettered(text).split()
    return tuple(word[:_LONGEST_WORD] for word in found[:_MOST_WORDS])


def _lettered(text):
    """Return ``text`` with a space for what is no letter, sign of one, or digit."""
    return "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in text)


@lru_cache(maxsize=20000)
def _parts(text, *, legal, transcribed=False):
    """Return (distinctive words, legal forms) of a name."""
    words = list(_words(text, transcribed))
    words = words[:1] + [word for word in words[1:] if word not in _CONNECTORS]
    forms = set()
    while legal and (count := _form_at_end(words)):
        ending = "".join(words[-count:])
        forms.add(_FORMS.get(ending, ending))
        del words[-count:]
    if legal and len(words) > 1 and words[0] in _LEADING_FORMS:
        forms.add(_FORMS.get(words[0], words[0]))
        del words[0]
    return tuple(words), frozenset(forms - _FILLERS)


def _form_at_end(words):
    """Return how many words at the end are a legal form: something must be left."""
    longest = min(_LONGEST_FORM, len(words) - 1)
    return next(
        (n for n in range(longest, 0, -1) if "".join(words[-n:]) in _ENDINGS), 0
    )


def name_keys(text, *, legal=False):
    """Return what two names share that fit, as a set: «Müller» is «Mueller» too.

    :param legal: whether it is a company's, of which legal forms do not count
    """
    return {
        "".join(_parts(text, legal=legal, transcribed=transcribed)[0])
        for transcribed in (False, True)
    } - {""}


def compare(one, other, *, legal=False):
    """Return how two names agree: SAME_NAME, NAME_FITS, NEAR_NAME, or None.

    Names with two different legal forms are near, as those with a slip of the pen.
    """
    if normalise(one) == normalise(other) and normalise(one):
        return SAME_NAME
    if name_keys(one, legal=legal) & name_keys(other, legal=legal):
        forms = {_parts(text, legal=legal)[1] for text in (one, other)} - {frozenset()}
        return NAME_FITS if len(forms) <= 1 else NEAR_NAME
    return NEAR_NAME if _is_near(one, other, legal) else None


def _is_near(one, other, legal):
    """Return whether two names may be one: a slip, another order, a part of the other.

    Numbers and very short words part names: «Bolt M8» is not «Bolt M10».
    """
    words, others = (_parts(text, legal=legal)[0] for text in (one, other))
    if _particular(words) != _particular(others):
        return False
    if sorted(words) == sorted(others):
        return bool(words)
    short, long = sorted((words, others), key=len)
    if (
        len(short) > 1
        and long[: len(short)] == short
        and len("".join(short)) >= _SHORTEST_PART
    ):
        return True
    if min(len("".join(words)), len("".join(others))) < _SHORTEST_NEAR:
        return False
    return _are_alike("".join(words), "".join(others), _NEAR) and (
        len(words) != len(others)
        or all(
            _are_alike(*pair, _NEAR_WORD) for pair in zip(words, others, strict=True)
        )
    )


def _are_alike(one, other, least):
    # What the lengths alone rule out need not be compared.
    if 2 * min(len(one), len(other)) < least * (len(one) + len(other)):
        return False
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.quick_ratio() >= least and matcher.ratio() >= least


def _particular(words):
    """Return the words of which each letter counts."""
    return {
        word
        for word in words
        if len(word) < _SHORTEST_WORD or any(c.isdigit() for c in word)
    }


@lru_cache(maxsize=20000)
def telling_words(text, *, legal=True):
    """Return the words by which a similar name is looked for, the longest first."""
    words = _parts(text, legal=legal)[0]
    telling = {w for w in words if len(w) >= _SHORTEST_WORD} - _COMMON_WORDS
    return tuple(sorted(telling, key=lambda word: (-len(word), word))[:2])


def compact(text):
    """Return ``text`` without case, accents, punctuation and spaces."""
    return "".join(_words(text))


def fragments(text, *, legal=False):
    """Return the parts of words of which one survives a slip of the pen."""
    telling = telling_words(text, legal=legal)
    found = {word[:_FRAGMENT] for word in telling}
    if len(telling) == 1:
        found.add(telling[0][-_FRAGMENT:])
    return found


class NameIndex:
    """Names by which their owners are looked up."""

    def __init__(self, names, *, legal=False, near=True):
        """
        :param names: {owner: iterable of names}
        :param near: whether similar names are looked for as well
        """
        self.legal = legal
        self._names = {
            owner: {text for text in texts if text} for owner, texts in names.items()
        }
        self._by_key = defaultdict(set)
        self._by_fragment = defaultdict(set)
        for owner, texts in self._names.items():
            for text in texts:
                for key in self._keys(text):
                    self._by_key[key].add(owner)
                for fragment in fragments(text, legal=legal) if near else ():
                    self._by_fragment[fragment].add(owner)

    def _keys(self, text):
        return {normalise(text), *name_keys(text, legal=self.legal)}

    def fitting(self, text):
        """Return the owners of a name that fits ``text``."""
        owners = set().union(*(self._by_key.get(k, ()) for k in self._keys(text)))
        return {o for o in owners if self._kind(o, text) in (SAME_NAME, NAME_FITS)}

    def look_up(self, text):
        """Return {owner: SAME_NAME, NAME_FITS or NEAR_NAME} of who is like ``text``."""
        owners = set().union(*(self._by_key.get(k, ()) for k in self._keys(text)))
        known = compact(text)
        for fragment, mine in self._by_fragment.items():
            if fragment in known:
                owners |= mine
        kinds = {owner: self._kind(owner, text) for owner in owners}
        return {owner: kind for owner, kind in kinds.items() if kind}

    def _kind(self, owner, text):
        kinds = {compare(mine, text, legal=self.legal) for mine in self._names[owner]}
        return next((kind for kind in _KINDS if kind in kinds), None)

    def patterns(self):
        """Return (pattern of what fits, pattern of what is near), or "" for none.

        They are regular expressions of PostgreSQL for a column that ``FOLDED_SQL``
        folds, and find more than is meant: ``look_up`` decides.
        """
        starts = {
            _start(text, self.legal, transcribed)
            for texts in self._names.values()
            for text in texts
            for transcribed in (False, True)
        } - {""}
        near = {_escaped(fragment) for fragment in self._by_fragment}
        leading = "".join(f"|{form}" for form in sorted(_LEADING_FORMS))
        return (
            f"^({leading[1:]})?({'|'.join(sorted(starts))})" if starts else "",
            f"({'|'.join(sorted(near))})" if near else "",
        )


# A column as patterns compare it. It takes no letter for punctuation in any locale; of
# a name that is ASCII, the short way makes the same.
FOLDED_SQL = (
    "CASE WHEN octet_length(%(column)s) = char_length(%(column)s) THEN "
    "regexp_replace(lower(%(column)s), '[^a-z0-9]+', '', 'g') ELSE "
    "regexp_replace(lower(translate(normalize(%(column)s, NFKD), "
    "'ØøŁłĐđıÐð', 'oollddidd')), "
    r"'[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7"
    r"\u02b0-\u036f\u05f3\u05f4\u2000-\u206f\u3000-\u3004\u3008-\u3020\u30fb]+', "
    "'', 'g') END"
)
# A column as ``normalise`` writes a text, cut: a row of an index has an end. An index
# has it: it must stay as it is.
NORMALISED_SQL = (
    r"left(lower(btrim(regexp_replace(regexp_replace(normalize(%(column)s, NFKC), "
    r"'[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]', "
    r"'', 'g'), '\s+', ' ', 'g'))), 200)"
)
# What the column may have where a folded name has the key.
_SPELLINGS = {
    "ae": "(ae?|æ|Æ)",
    "oe": "(oe?|œ|Œ)",
    "ue": "ue?",
    "aa": "aa?",
    "ss": "(ss|ß|ẞ)",
}


def _start(text, legal, transcribed):
    """Return a pattern of how names begin that fit ``text``."""
    words, left = [], _PREFIX
    for word in _parts(text, legal=legal, transcribed=transcribed)[0]:
        if left > 0:
            words.append(_escaped(word[:left]))
            left -= len(word)
    return f"({'|'.join(sorted(_CONNECTORS))})?".join(words)


def _escaped(word):
    """Return a pattern of ``word``, in each case where the database folds none."""
    if word[-1:] in "aous" and len(word) > _SHORTEST_WORD:
        word = word[:-1]  # The next letter, which is cut off, may belong to it.
    pattern = re.sub("ae|oe|ue|aa|ss", lambda m: _SPELLINGS[m[0]], word)
    if word.isascii():
        return pattern
    cases = dict.fromkeys((pattern, word.upper(), word.capitalize()))
    return f"({'|'.join(cases)})"
