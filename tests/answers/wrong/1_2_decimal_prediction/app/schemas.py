# Wrong answer to 1.2: a Decimal is sent as a text.
# Rejected by: test_a_response_holds_prediction_and_version
# Because: is sent as \{"prediction":"
"""What goes in and what comes out of a prediction, as pydantic models."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, FiniteFloat


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    feature_1: FiniteFloat
    feature_2: FiniteFloat


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: Decimal
    model_version: str
