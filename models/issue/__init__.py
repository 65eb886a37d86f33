from . import procurify_issue
from . import resolve
from . import api
