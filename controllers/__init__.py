from . import procurify_certificate
