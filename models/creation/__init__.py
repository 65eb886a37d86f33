from . import procurify_creation
from . import procurify_creation_line
