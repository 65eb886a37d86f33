from . import procurify_record
from . import staging
from . import quarantine
from . import importing
from . import mapping
from . import presentation
from . import document_state
from . import api
