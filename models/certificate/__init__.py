from . import procurify_certificate
from . import procurify_certificate_row
