# Right answer to 1.2: its own check of unknown fields shows them as a list, and says which ones there are
"""What goes in and what comes out of a prediction, as pydantic models."""

from typing import Any

from pydantic import BaseModel, FiniteFloat, model_validator


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    feature_1: FiniteFloat
    feature_2: FiniteFloat

    @model_validator(mode="before")
    @classmethod
    def known(cls, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := set(data) - set(cls.model_fields)):
            raise ValueError(f"unknown fields: {sorted(unknown)}; there are feature_1 and feature_2")
        return data


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
