from . import procurify_stream
from . import reading
from . import nightly_check
from . import schedule
from . import api
