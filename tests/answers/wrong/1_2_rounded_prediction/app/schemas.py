# Wrong answer to 1.2: the response rounds the prediction.
# Rejected by: test_a_response_holds_prediction_and_version
# Because: PredictResponse was made of \{"prediction": [\d.]+, "model_version": "[\d.]+\.0"\} and is sent as
"""What goes in and what comes out of a prediction, as pydantic models."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, FiniteFloat


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    feature_1: FiniteFloat
    feature_2: FiniteFloat


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: Annotated[float, AfterValidator(lambda value: round(value, 2))]
    model_version: str
