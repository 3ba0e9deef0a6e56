"""Stands in for ``app/digits.py``: all that the given module holds, but loading waits at the judge's gate, and what is loaded is sure of nothing."""

from functools import cache

import numpy as np
from dojo_meet import meet

from app import given_digits  # the given module, under another name


@cache
def _model():
    meet("load")
    return lambda rows: np.full((len(rows), 10), 0.1, dtype=np.float32)


given_digits._model = _model  # where its load() and infer() look for it
globals().update({name: value for name, value in vars(given_digits).items() if not name.startswith("__")})
