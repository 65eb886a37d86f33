from . import test_bill
from . import test_connection
from . import test_fetch
from . import test_multi_company
from . import test_performance
from . import test_quarantine
from . import test_synchronisation
from . import test_tour
