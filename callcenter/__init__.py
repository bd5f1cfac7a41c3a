"""The application: use cases, transactions and processes."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older one would stop at the first new word, with a traceback
    sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": use another Python.")

__version__ = "0.1.0"
