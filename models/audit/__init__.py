from . import procurify_append_only
from . import procurify_audit
from . import repeat
from . import seal
from . import events
from . import verify
from . import api
