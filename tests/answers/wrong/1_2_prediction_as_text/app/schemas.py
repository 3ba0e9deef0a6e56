# Wrong answer to 1.2: the prediction is sent as a text.
# Rejected by: test_a_response_holds_prediction_and_version
# Because: prediction
"""What goes in and what comes out of a prediction, as pydantic models."""

from pydantic import BaseModel, ConfigDict, FiniteFloat, field_validator


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    feature_1: FiniteFloat
    feature_2: FiniteFloat


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: str
    model_version: str

    @field_validator("prediction", mode="before")
    @classmethod
    def as_text(cls, value: float) -> str:
        return f"{value:.4f}"
