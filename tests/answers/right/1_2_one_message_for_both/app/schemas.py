# Right answer to 1.2: one check for both fields, whose message names both.
"""What the service takes and gives."""

import math
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


def finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("feature_1 and feature_2 have to be finite numbers")
    return value


Feature = Annotated[float, AfterValidator(finite)]


class PredictRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    feature_1: Feature
    feature_2: Feature


class PredictResponse(BaseModel):
    prediction: float
    model_version: str
