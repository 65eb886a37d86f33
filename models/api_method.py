"""What scripts call by Odoo's external API: one form of answer, coded errors."""

from functools import wraps

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Domain

MOST_ROWS = 1000  # of one answer


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
    XML-RPC knows no null.
    """

    @wraps(method)
    def call(self, *args, **kwargs):
        try:
            return without_none(method(self, *args, **kwargs))
        except UserError as error:
            code = _code_of(error)
            error.context = {"code": code}
            error.args = (f"{error.args[0]} [procurify:{code}]", *error.args[1:])
            raise

    return call


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
    except (TypeError, ValueError) as error:
        message = model.env._("The domain or the limit cannot be understood.")
        raise ApiError("invalid_domain", message) from error
