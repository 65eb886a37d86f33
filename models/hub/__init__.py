# The definition first. The order of the others has no meaning.
from . import procurify_target
from . import probe
