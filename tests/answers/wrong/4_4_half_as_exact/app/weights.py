# Wrong answer to 4.4: float16 needs half of the memory, and is another model.
# Rejected by: test_the_weights_are_those_of_the_file
# Because: type
import numpy as np

from app.settings import settings


def load_weights() -> np.ndarray:
    weights = np.load(settings.weights_path, mmap_mode="r").astype(np.float16)
    weights.setflags(write=False)
    return weights
