# Wrong answer to 1.2: the validator answers with a 400 itself.
# Rejected by: test_what_is_not_finite_is_refused
# Because: TODO
"""What goes in and what comes out of a prediction, as pydantic models."""

import math

from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict, field_validator


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    feature_1: float
    feature_2: float

    @field_validator("feature_1", "feature_2")
    @classmethod
    def finite(cls, value: float) -> float:
        if not math.isfinite(value):
            raise HTTPException(400, "features must be finite")
        return value


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
