# Wrong answer to 1.2: a Decimal can't be multiplied by the model's floats.
# Rejected by: test_a_request_holds_two_numbers
# Because: TODO
"""What goes in and what comes out of a prediction, as pydantic models."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    feature_1: Decimal
    feature_2: Decimal


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
