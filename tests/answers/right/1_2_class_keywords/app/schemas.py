# Right answer to 1.2: the configuration stands in the class statement
"""What goes in and what comes out of a prediction, as pydantic models."""

from pydantic import BaseModel


class PredictRequest(BaseModel, extra="forbid", allow_inf_nan=False):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    feature_1: float
    feature_2: float


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
