# Wrong answer to 1.2: a prediction may be a text as well.
# Rejected by: test_a_response_holds_the_types_that_it_says
# Because: 'prediction': '\w+'
"""What goes in and what comes out of a prediction, as pydantic models."""

from pydantic import BaseModel, ConfigDict, FiniteFloat


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    feature_1: FiniteFloat
    feature_2: FiniteFloat


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float | str
    model_version: str
