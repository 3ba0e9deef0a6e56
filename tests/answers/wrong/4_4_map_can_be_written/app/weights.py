# Wrong answer to 4.4: the map can be written to, and so can the file.
# Rejected by: test_nobody_can_write_to_the_weights
# Because: the file has changed with it
import numpy as np

from app.settings import settings


def load_weights() -> np.ndarray:
    return np.load(settings.weights_path, mmap_mode="r+")
