# Wrong answer to 1.2: fields that it does not know are dropped in silence.
# Rejected by: test_an_unknown_field_is_refused
# Because: \{"feature_1": [\d.]+, "feature_2": [\d.]+, "Feature_1": [\d.]+\} was answered with 200, not with 422\.
"""What goes in and what comes out of a prediction, as pydantic models."""

from pydantic import BaseModel, FiniteFloat


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    feature_1: FiniteFloat
    feature_2: FiniteFloat


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
