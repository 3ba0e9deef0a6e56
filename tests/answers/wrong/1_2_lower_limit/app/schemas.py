# Wrong answer to 1.2: a limit that somebody thought far away.
# Rejected by: test_every_finite_pair_comes_back_unchanged
# Because: -1\.797\d*e\+308
"""What goes in and what comes out of a prediction, as pydantic models."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    feature_1: FiniteFloat
    feature_2: Annotated[FiniteFloat, Field(gt=-1e300)]


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
