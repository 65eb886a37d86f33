"""What scripts call by Odoo's external API: one form of answer, coded errors."""

from functools import wraps
from inspect import signature

import psycopg2

from odoo import fields
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Domain

MOST_ROWS = 1000  # of one answer
_LARGEST_ID = 2**31 - 1  # of PostgreSQL's integer


# What Odoo and PostgreSQL raise for a domain that means nothing.
_BAD_DOMAIN = (
    *(AttributeError, KeyError, OverflowError, TypeError, ValueError),
    *(psycopg2.DataError, psycopg2.ProgrammingError),
)


class ApiError(UserError):
    """A call that cannot be answered, with a code that stays what it is.

    JSON-2 gives the code as ``context.code``; in XML-RPC, whose faults are texts, the
    message ends with it: ``[procurify:key_reused]``.
    """

    def __init__(self, code, message, http_status=422):
        super().__init__(message)
        self.http_status = http_status
        self.code = code


def api_method(method):
    """Make ``method`` one that scripts may rely on.

    Its errors carry a code, and its answer has ``False`` where there is nothing:
    XML-RPC knows no null. Arguments must be what the annotations say, or ``False``:
    another one is ``invalid_argument``.
    """
    parameters = signature(method)

    @wraps(method)
    def call(self, *args, **kwargs):
        try:
            _check_arguments(self, parameters, args, kwargs)
            return without_none(method(self, *args, **kwargs))
        except UserError as error:
            code = _code_of(error)
            error.context = {"code": code}
            error.args = (f"{error.args[0]} [procurify:{code}]", *error.args[1:])
            raise

    call.is_procurify_api = True
    return call


def _check_arguments(model, parameters, args, kwargs):
    """
    :raises ApiError: ``invalid_argument``, naming it
    """
    try:
        given = parameters.bind(model, *args, **kwargs).arguments
    except TypeError as error:
        raise ApiError("invalid_argument", str(error)) from error
    for name, value in given.items():
        kind = parameters.parameters[name].annotation
        if kind is not parameters.empty and not _fits(value, kind):
            message = model.env._(
                "%(name)s must be of the type %(kind)s.", name=name, kind=kind.__name__
            )
            raise ApiError("invalid_argument", message)


def _fits(value, kind):
    if value is None or value is False:
        return True
    if kind is int:
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return is_number and 0 <= value <= _LARGEST_ID
    if kind is str:
        return isinstance(value, str) and _is_storable(value)
    return isinstance(value, (list, tuple) if kind is list else kind)


def _is_storable(text):
    """Return whether PostgreSQL takes ``text``: UTF-8 without NUL."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def day(model, name, text):
    """Return the date that ``text`` says, or False for no text.

    :raises ApiError: ``invalid_argument``
    """
    try:
        return fields.Date.to_date(text)
    except ValueError as error:
        message = model.env._("%(name)s must be a date: YYYY-MM-DD.", name=name)
        raise ApiError("invalid_argument", message) from error


def _code_of(error):
    if isinstance(error, ApiError):
        return error.code
    if isinstance(error, AccessError):
        return "access_denied"
    return "not_found" if isinstance(error, MissingError) else "refused"


def without_none(value):
    """Return ``value`` with ``False`` for each ``None`` in it, however deep."""
    if isinstance(value, dict):
        return {str(key): without_none(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_none(each) for each in value]
    return False if value is None else value


def found(model, domain, limit, offset=0, order=None):
    """Return what fits ``domain`` of what this person may see.

    :param limit: rows, at most ``MOST_ROWS``
    :raises ApiError: ``invalid_domain``
    """
    try:
        return model.search(
            Domain(domain or Domain.TRUE),
            limit=max(0, min(int(limit), MOST_ROWS)),
            offset=max(0, int(offset)),
            order=order,
        )
    except _BAD_DOMAIN as error:
        message = model.env._("The domain or the limit is not valid.")
        raise ApiError("invalid_domain", message) from error
