from . import test_synchronisation
