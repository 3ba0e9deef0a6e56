"""Stands in for ``app/digits.py``: all that the given module holds, but loading waits at the judge's gate, and what is loaded is sure of nothing."""

import threading
from functools import cache

import numpy as np
from dojo_meet import meet

from app import given_digits  # the given module, under another name


class NoSuchFile(Exception):
    """What onnxruntime calls it, whose errors are none of Python's own kinds either: no RuntimeError, OSError or ValueError."""


@cache
def _model():
    try:
        # The main thread is that of the service's event loop; another thread may have a loop of its own, which serves nobody.
        meet("load", threading.current_thread() is threading.main_thread())
    except RuntimeError as error:
        raise NoSuchFile(str(error)) from None
    return lambda rows: np.full((len(rows), 10), 0.1, dtype=np.float32)


given_digits._model = _model  # where its load() and infer() look for it
globals().update({name: value for name, value in vars(given_digits).items() if not name.startswith("__")})
