from . import procurify_cause
from . import radius
from . import resolve
from . import route
from . import api
