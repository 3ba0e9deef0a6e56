# Wrong answer to 4.4: the whole file is read into each worker.
# Rejected by: test_nobody_can_write_to_the_weights
# Because: nothing held them up
import numpy as np

from app.settings import settings


def load_weights() -> np.ndarray:
    return np.load(settings.weights_path)
