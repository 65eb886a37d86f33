# The definition of a model first. The order of the others has no meaning.
from . import procurify_target
from . import procurify_mirror
from . import procurify_dispatch
from . import local_records
from . import mirror
from . import probe
from . import read_only
from . import converge
from . import pull
from . import restored
from . import orders
from . import schedule
