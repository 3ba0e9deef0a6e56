# Right answer to 1.2: a validator raises FastAPI's HTTPException: a 422 whose detail is a text that names the field.
"""What goes in and what comes out of a prediction, as pydantic models."""

import math

from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    # Without this, a misspelled field is dropped in silence, and its default or a 422 about
    # the other name is all that the caller ever learns.
    model_config = ConfigDict(extra="forbid")

    # Not plain `float`: Python's JSON parser takes NaN and Infinity, and a model that is fed
    # one of them answers with nonsense instead of an error.
    feature_1: float
    feature_2: float

    @field_validator("feature_1", "feature_2")
    @classmethod
    def finite(cls, value: float, info: ValidationInfo) -> float:
        if not math.isfinite(value):
            raise HTTPException(422, f"{info.field_name} must be a finite number")
        return value


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    # Logged and returned with each answer, it says later which model was to blame.
    model_version: str
