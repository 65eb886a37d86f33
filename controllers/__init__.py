from . import procurify_certificate
from . import procurify_monitoring
from . import procurify_support
