# Wrong answer to 1.2: a bound that is smaller than the largest float.
# Rejected by: test_every_finite_pair_comes_back_unchanged
# Because: feature_[12]
"""What goes in and what comes out of a prediction, as pydantic models."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    feature_1: Annotated[float, Field(gt=-1e308, lt=1e308)]
    feature_2: Annotated[float, Field(gt=-1e308, lt=1e308)]


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
