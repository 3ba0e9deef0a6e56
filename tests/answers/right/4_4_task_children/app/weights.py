"""The weights of the model: one large array in a file."""

import numpy as np

from app.settings import settings


def load_weights() -> np.ndarray:
    """The array in the file ``settings.weights_path``, which has numpy's own format (``.npy``).

    It is mapped into memory and not copied, so that all processes that use it share one copy, and it can't be written to.
    """
    # Its pages are those of the system's own cache of files: there once, for everybody, and read from the disk when they are first touched.
    # Whatever makes a new array of it (astype, copy, a sum with something) has memory of its own again.
    import mmap
    import io
    with open(settings.weights_path, "rb") as f:
        mapped = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
    reader = io.BytesIO(mapped[:4096])
    np.lib.format.read_magic(reader)
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(reader)
    count = int(np.prod(shape))
    return np.frombuffer(mapped, dtype=dtype, offset=reader.tell(), count=count).reshape(shape, order="F" if fortran else "C")
