# Right answer to 1.2: both models on a base class of their own
"""What goes in and what comes out of a prediction, as pydantic models."""

from pydantic import BaseModel


class Strict(BaseModel):
    model_config = {"extra": "forbid", "allow_inf_nan": False, "protected_namespaces": ()}


class PredictRequest(Strict):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    feature_1: float
    feature_2: float


class PredictResponse(Strict):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
