"""What goes in and what comes out of a prediction, as pydantic models."""

from typing import Any

from pydantic import BaseModel, model_validator


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    # TODO 1.2: anything is taken for a request; nothing says what a prediction needs.
    # Goal: two finite floats, `feature_1` and `feature_2`, and a 422 that names the field for
    # all else: one missing, a text, a NaN, an infinity, a field that isn't known.
    # Tool: annotated fields, pydantic's FiniteFloat, and model_config = ConfigDict(extra=...).
    # Take out this validator when the fields stand.
    @model_validator(mode="before")
    @classmethod
    def _hole(cls, data: Any) -> Any:
        raise NotImplementedError("1.2: PredictRequest has no fields yet")


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    # TODO 1.2: a client can't tell what it gets. Goal: `prediction`, a float, and
    # `model_version`, a str. Tool: the same.
    @model_validator(mode="before")
    @classmethod
    def _hole(cls, data: Any) -> Any:
        raise NotImplementedError("1.2: PredictResponse has no fields yet")
