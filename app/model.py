"""The model that is served: a logistic regression on two features.

Given complete. It answers in microseconds; the time that a larger model would take is
``settings.inference_seconds``, which the endpoints wait for.
"""

import math

MODEL_VERSION = "1.0.0"

# Their absolute values add up to less than 1, so that no finite input can overflow.
WEIGHT_1 = 0.45
WEIGHT_2 = -0.35
BIAS = 0.1


def predict(feature_1: float, feature_2: float) -> float:
    """The probability of the positive class, from 0 to 1, for two finite features.

    The logistic function 1 / (1 + exp(-z)) of the weighted sum z, written with tanh, which
    takes any finite z without overflow: 1 / (1 + exp(-z)) = (1 + tanh(z / 2)) / 2.
    """
    z = WEIGHT_1 * feature_1 + WEIGHT_2 * feature_2 + BIAS
    return (1.0 + math.tanh(z / 2.0)) / 2.0
