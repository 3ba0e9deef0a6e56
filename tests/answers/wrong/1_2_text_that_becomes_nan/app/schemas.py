# Wrong answer to 1.2: its check comes before the text is turned into a number, and looks at floats alone.
# Rejected by: test_a_text_that_is_not_finite_is_refused
# Because: "(NaN|inf|-inf|Infinity|1e999)".* was answered with 200, not with 422
"""What goes in and what comes out of a prediction, as pydantic models."""

import math
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    feature_1: float
    feature_2: float

    @field_validator("feature_1", "feature_2", mode="before")
    @classmethod
    def finite(cls, value: Any) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError("must be finite")
        return value


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
