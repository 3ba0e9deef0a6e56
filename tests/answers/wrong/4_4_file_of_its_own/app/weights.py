# Wrong answer to 4.4: a file of a fixed name, whatever the settings say.
# Rejected by: test_the_weights_are_those_of_the_file
# Because: raised FileNotFoundError
import numpy as np


def load_weights() -> np.ndarray:
    return np.load("weights.npy", mmap_mode="r")
