# Wrong answer to 4.4: the file is read into each worker, and the array then locked.
# Rejected by: test_a_worker_more_costs_no_model_more
# Because: has a model of its own
import numpy as np

from app.settings import settings


def load_weights() -> np.ndarray:
    weights = np.load(settings.weights_path)
    weights.setflags(write=False)
    return weights
