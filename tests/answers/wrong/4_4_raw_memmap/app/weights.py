# Wrong answer to 4.4: the file is mapped as numbers of one kind in one row, with its header for the first of them.
# Rejected by: test_the_weights_are_those_of_the_file
# Because: shape
import numpy as np

from app.settings import settings


def load_weights() -> np.ndarray:
    return np.memmap(settings.weights_path, dtype=np.float32, mode="r")
