# Wrong answer to 1.2: a version may be a whole number as well, and is sent as one.
# Rejected by: test_a_response_holds_the_types_that_it_says
# Because: 'model_version': 2\} and is sent as
"""What goes in and what comes out of a prediction, as pydantic models."""

from pydantic import BaseModel, ConfigDict, FiniteFloat, StrictInt


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    # Without this, a misspelled field is dropped in silence, and its default or a 422 about
    # the other name is all that the caller ever learns.
    model_config = ConfigDict(extra="forbid")

    # Not plain `float`: Python's JSON parser takes NaN and Infinity, and a model that is fed
    # one of them answers with nonsense instead of an error.
    feature_1: FiniteFloat
    feature_2: FiniteFloat


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    # Logged and returned with each answer, it says later which model was to blame.
    model_version: str | StrictInt
