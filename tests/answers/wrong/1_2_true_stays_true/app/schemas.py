# Wrong answer to 1.2: the second feature may be a bool as well, and stays one.
# Rejected by: test_a_text_or_a_bool_is_taken_as_its_number_or_refused
# Because: "feature_2": true.* came back as .*true
"""What goes in and what comes out of a prediction, as pydantic models."""

from pydantic import BaseModel, ConfigDict, FiniteFloat


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    feature_1: FiniteFloat
    feature_2: FiniteFloat | bool


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
