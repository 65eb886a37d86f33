"""Whether a group of records, given as a dict, is of a domain."""

import operator

_OPERATORS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, values: value in values,
    "not in": lambda value, values: value not in values,
}


def matcher(domain):
    """Return a function that says whether a row is of ``domain``.

    A field that has no value is before and after nothing.

    :param domain: a Domain whose fields are keys of the rows, of simple operators
    :returns: of {field: value}; a group of a month stands for its first day
    """
    tokens = list(domain)
    names = [token[0] for token in tokens if token not in ("!", "&", "|")]
    names = [name for name in names if isinstance(name, str)]
    decided = {}  # many rows differ in other fields only

    def matches(row):
        values = tuple(row[name] for name in names)
        if values not in decided:
            decided[values] = _matches(tokens, row)
        return decided[values]

    return matches


def _matches(tokens, row):
    stack = []
    for token in reversed(tokens):
        if token == "!":
            stack.append(not stack.pop())
        elif token in ("&", "|"):
            left, right = stack.pop(), stack.pop()
            stack.append(left and right if token == "&" else left or right)
        else:
            stack.append(_compares(token, row))
    return all(stack)


def _compares(condition, row):
    field, sign, wanted = condition
    if (field, sign, wanted) in ((1, "=", 1), (0, "=", 1)):
        return field == 1
    value = row[field]
    if value in (None, False) and sign in ("<", "<=", ">", ">="):
        return False
    return _OPERATORS[sign](value or False, wanted)
