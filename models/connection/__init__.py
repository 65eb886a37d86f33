# The definition first. The order of the others has no meaning.
from . import procurify_connection
from . import api
from . import audit
from . import month_end
from . import dashboard
from . import health
from . import importing
from . import remote
from . import schedule
from . import set_up
