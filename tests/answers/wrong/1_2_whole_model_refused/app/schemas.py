# Wrong answer to 1.2: the 422 is about the body and does not name the field.
# Rejected by: test_what_is_not_finite_is_refused
# Because: feature_[12]
"""What goes in and what comes out of a prediction, as pydantic models."""

import math

from pydantic import BaseModel, ConfigDict, model_validator


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    feature_1: float
    feature_2: float

    @model_validator(mode="after")
    def finite(self) -> "PredictRequest":
        if not (math.isfinite(self.feature_1) and math.isfinite(self.feature_2)):
            raise ValueError("every feature must be finite")
        return self


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
