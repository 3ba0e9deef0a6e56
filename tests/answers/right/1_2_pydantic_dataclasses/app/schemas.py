# Right answer to 1.2: pydantic's dataclasses
"""What goes in and what comes out of a prediction, as pydantic models."""

from pydantic import ConfigDict, FiniteFloat
from pydantic.dataclasses import dataclass


@dataclass(config=ConfigDict(extra="forbid"))
class PredictRequest:
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    feature_1: FiniteFloat
    feature_2: FiniteFloat


@dataclass
class PredictResponse:
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
