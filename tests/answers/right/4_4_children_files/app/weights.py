# Right answer to 4.4: numpy's own reader of headers, and a map of Python's.
import numpy as np

from app.settings import settings


import mmap


def load_weights() -> np.ndarray:
    with open(settings.weights_path, "rb") as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(file)
        offset = file.tell()
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    flat = np.frombuffer(mapped, dtype=dtype, offset=offset)
    return flat.reshape(shape, order="F" if fortran else "C")
