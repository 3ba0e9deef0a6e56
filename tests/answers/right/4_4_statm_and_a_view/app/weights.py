# Right answer to 4.4: mapped once, kept, and given out as an array of numpy's plain class.
import numpy as np

from app.settings import settings


from functools import lru_cache


@lru_cache(maxsize=1)
def _mapped() -> np.memmap:
    return np.lib.format.open_memmap(settings.weights_path, mode="r")


def load_weights() -> np.ndarray:
    return np.asarray(_mapped())
