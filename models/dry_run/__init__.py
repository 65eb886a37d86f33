from . import procurify_rehearsal
from . import procurify_rehearsal_line
from . import causes
from . import summary
