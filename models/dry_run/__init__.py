from . import procurify_dry_run
from . import procurify_dry_run_line
