"""What several files of tests share: fixtures, and a Ctrl-C that is heard."""

import signal

from tests.browser import browser
from tests.engines import build_context, no_engine

__all__ = ["browser", "build_context", "no_engine"]

# A shell's background job ignores Ctrl-C, and so would all that the tests start, some of which have to end by it.
signal.signal(signal.SIGINT, signal.default_int_handler)
