from . import procurify_healing
from . import procurify_import_mixin
from . import matching
from . import suggest
