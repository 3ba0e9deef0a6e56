# Wrong answer to 4.4: copied on write: whoever writes has another model than the others.
# Rejected by: test_nobody_can_write_to_the_weights
# Because: nothing held them up
import numpy as np

from app.settings import settings


def load_weights() -> np.ndarray:
    return np.load(settings.weights_path, mmap_mode="c")
