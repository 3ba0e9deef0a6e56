# Wrong answer to 4.4: the file is read once, at the import, which each worker does for itself.
# Rejected by: test_a_worker_more_costs_no_model_more
# Because: has a model of its own
import numpy as np

from app.settings import settings


_WEIGHTS = np.load(settings.weights_path)
_WEIGHTS.flags.writeable = False


def load_weights() -> np.ndarray:
    return _WEIGHTS
