# Wrong answer to 1.2: its own check of unknown fields does not say which.
# Rejected by: test_an_unknown_field_is_refused
# Because: \{"feature_1": [\d.]+, "feature_2": [\d.]+, "Feature_1": [\d.]+\} was refused, but the 422 does not name 'Feature_1'; its
"""What goes in and what comes out of a prediction, as pydantic models."""

from typing import Any

from pydantic import BaseModel, FiniteFloat, model_validator


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    feature_1: FiniteFloat
    feature_2: FiniteFloat

    @model_validator(mode="before")
    @classmethod
    def known_fields_only(cls, data: Any) -> Any:
        if isinstance(data, dict) and len(data) > 2:
            raise ValueError("unknown fields")
        return data


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
