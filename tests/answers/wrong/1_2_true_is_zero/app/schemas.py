# Wrong answer to 1.2: its own check takes true for 0.
# Rejected by: test_a_text_or_a_bool_is_taken_as_its_number_or_refused
# Because: true.* came back as
"""What goes in and what comes out of a prediction, as pydantic models."""

import math
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    feature_1: Any
    feature_2: Any

    @field_validator("feature_1", "feature_2")
    @classmethod
    def number(cls, value: Any) -> float:
        if isinstance(value, bool):
            return 0.0
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError("must be a finite number")
        return float(value)


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
