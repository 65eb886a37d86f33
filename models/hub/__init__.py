# The definition of a model first. The order of the others has no meaning.
from . import procurify_target
from . import mirror
from . import probe
from . import procurify_mirror
