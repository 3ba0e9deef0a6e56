# Wrong answer to 1.2: a validator rounds the features.
# Rejected by: test_every_finite_pair_comes_back_unchanged
# Because: \{"feature_1": [\d.]+e\+308, "feature_2": 5e-324\} came back as \{"feature_1":
"""What goes in and what comes out of a prediction, as pydantic models."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, FiniteFloat

Rounded = Annotated[FiniteFloat, AfterValidator(lambda value: round(value, 3))]


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    feature_1: Rounded
    feature_2: Rounded


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
