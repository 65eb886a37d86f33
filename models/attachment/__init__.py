from . import procurify_attachment
from . import download
