# Right answer to 1.2: a version that is given as a number becomes a text
"""What goes in and what comes out of a prediction, as pydantic models."""

from pydantic import BaseModel, ConfigDict, FiniteFloat


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    feature_1: FiniteFloat
    feature_2: FiniteFloat


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    prediction: float
    model_version: str
