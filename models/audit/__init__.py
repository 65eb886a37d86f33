from . import procurify_audit
from . import procurify_audit_seal
from . import verify
from . import api
