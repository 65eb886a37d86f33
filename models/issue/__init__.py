from . import procurify_issue
from . import impact
from . import resolve
from . import route
from . import api
