# Wrong answer to 1.2: a whole number may be as large as it likes.
# Rejected by: test_what_is_not_finite_is_refused
# Because: was answered with (200|500)|expected 422
"""What the service takes and gives."""

from pydantic import BaseModel, ConfigDict, FiniteFloat


class PredictRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    feature_1: FiniteFloat | int
    feature_2: FiniteFloat | int


class PredictResponse(BaseModel):
    prediction: float
    model_version: str
