# Right answer to 1.2: unknown fields are let in and refused by name afterwards
"""What goes in and what comes out of a prediction, as pydantic models."""

from typing import Self

from pydantic import BaseModel, ConfigDict, FiniteFloat, model_validator


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="allow")

    feature_1: FiniteFloat
    feature_2: FiniteFloat

    @model_validator(mode="after")
    def known(self) -> Self:
        for name in self.model_extra or {}:
            raise ValueError(f"unknown field {name}")
        return self


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
