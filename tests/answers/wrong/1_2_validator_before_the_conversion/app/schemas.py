# Wrong answer to 1.2: math.isfinite of a text is a TypeError, and the answer a 500.
# Rejected by: test_what_is_no_number_is_refused
# Because: app/schemas\.py:23\b
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
    def finite(cls, value: Any) -> float:
        if not math.isfinite(value):
            raise ValueError("must be finite")
        return value


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
