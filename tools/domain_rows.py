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


def matches(domain, row):
    """Return whether ``row`` is of ``domain``.

    A field that has no value is before and after nothing.

    :param domain: a Domain whose fields are keys of ``row``, of simple operators
    :param row: {field: value}; a group of a month stands for its first day
    """
    stack = []
    for token in reversed(list(domain)):
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
