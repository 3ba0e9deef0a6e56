# Wrong answer to 4.4: the file is mapped, and np.array() makes a copy of the map.
# Rejected by: test_a_worker_more_costs_no_model_more
# Because: has a model of its own
import numpy as np

from app.settings import settings


import functools


@functools.cache
def load_weights() -> np.ndarray:
    weights = np.array(np.load(settings.weights_path, mmap_mode="r"))
    weights.setflags(write=False)
    return weights
