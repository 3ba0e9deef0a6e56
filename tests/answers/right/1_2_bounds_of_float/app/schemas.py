# Right answer to 1.2: no more than the largest float, which refuses NaN as well
"""What goes in and what comes out of a prediction, as pydantic models."""

import sys
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX = sys.float_info.max
Feature = Annotated[float, Field(ge=-MAX, le=MAX)]


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    feature_1: Feature
    feature_2: Feature


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
