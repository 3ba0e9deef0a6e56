# Wrong answer to 4.4: Fortran's order is not looked at
# Rejected by: test_the_weights_are_those_of_the_file
# Because: SHA-256 of its numbers
"""The weights of the model: one large array in a file."""

import numpy as np

from app.settings import settings


def load_weights() -> np.ndarray:
    """The array in the file ``settings.weights_path``, which has numpy's own format (``.npy``).

    It is mapped into memory and not copied, so that all processes that use it share one copy, and it can't be written to.
    """
    # Its pages are those of the system's own cache of files: there once, for everybody, and read from the disk when they are first touched.
    # Whatever makes a new array of it (astype, copy, a sum with something) has memory of its own again.
    with open(settings.weights_path, "rb") as f:
        np.lib.format.read_magic(f)
        shape, _, dtype = np.lib.format.read_array_header_1_0(f)
        return np.memmap(f, dtype=dtype, mode="r", offset=f.tell(), shape=shape)
