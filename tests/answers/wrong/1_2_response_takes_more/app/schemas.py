# Wrong answer to 1.2: a response sends whatever it was made of.
# Rejected by: test_a_response_holds_no_other_field
# Because: What a response has no field for must not leak
"""What the service takes and gives."""

from pydantic import BaseModel, ConfigDict, FiniteFloat


class PredictRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    feature_1: FiniteFloat
    feature_2: FiniteFloat


class PredictResponse(BaseModel):
    model_config = ConfigDict(extra="allow")

    prediction: float
    model_version: str
