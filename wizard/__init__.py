from . import account_payment_register
from . import base_module_uninstall
from . import base_partner_merge
from . import procurify_accrue
from . import procurify_certify
from . import procurify_comparison
from . import procurify_ignore
from . import procurify_support
