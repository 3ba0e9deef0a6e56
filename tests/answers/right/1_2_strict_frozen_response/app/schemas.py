# Right answer to 1.2: a response that is strict, frozen, finite and takes nothing else
"""What goes in and what comes out of a prediction, as pydantic models."""

from pydantic import BaseModel, ConfigDict, FiniteFloat


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    feature_1: FiniteFloat
    feature_2: FiniteFloat


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, protected_namespaces=())

    prediction: FiniteFloat
    model_version: str
