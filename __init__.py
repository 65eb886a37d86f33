from . import models
from . import wizard
from .models.audit_triggers import unprotect as uninstall_hook
