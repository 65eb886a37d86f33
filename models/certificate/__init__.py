from . import procurify_certificate
from . import rows
from . import seal
from . import spreadsheet
