"""What a right prediction is, for exercises 1.3 and 1.7."""

import math
from typing import Any

from dojo.kata import Functions


async def predicted(reference: Functions, feature_1: float, feature_2: float) -> dict[str, Any]:
    """What a right service answers: the given model of ``solutions/`` is asked."""
    return {
        "prediction": await reference.call("app.model:predict", feature_1, feature_2),
        "model_version": await reference.value("app.model:MODEL_VERSION"),
    }


def same(expected: dict[str, Any], answer: Any) -> bool:
    """Whether two answers agree; predictions to twelve digits, as the last ones depend on the order of operations."""
    if not isinstance(answer, dict) or expected.keys() != answer.keys() or expected["model_version"] != answer["model_version"]:
        return False
    prediction = answer["prediction"]
    return isinstance(prediction, float | int) and math.isclose(prediction, expected["prediction"], rel_tol=1e-12, abs_tol=1e-15)
