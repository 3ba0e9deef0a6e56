# Right answer to 1.2: the response says that a prediction is a probability and a version no empty text
"""What goes in and what comes out of a prediction, as pydantic models."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    feature_1: FiniteFloat
    feature_2: FiniteFloat


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: Annotated[float, Field(ge=0.0, le=1.0)]
    model_version: Annotated[str, Field(min_length=1)]
