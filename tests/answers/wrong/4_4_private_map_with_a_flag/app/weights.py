# Wrong answer to 4.4: a private map that can be written to, only the array says no
# Rejected by: test_nobody_can_write_to_the_weights
# Because: nothing held them up
"""The weights of the model: one large array in a file."""

import numpy as np

from app.settings import settings


def load_weights() -> np.ndarray:
    """The array in the file ``settings.weights_path``, which has numpy's own format (``.npy``).

    It is mapped into memory and not copied, so that all processes that use it share one copy, and it can't be written to.
    """
    # Its pages are those of the system's own cache of files: there once, for everybody, and read from the disk when they are first touched.
    # Whatever makes a new array of it (astype, copy, a sum with something) has memory of its own again.
    weights = np.load(settings.weights_path, mmap_mode="c")
    weights.setflags(write=False)
    return weights
