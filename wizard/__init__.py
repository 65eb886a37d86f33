from . import base_partner_merge
from . import procurify_comparison
