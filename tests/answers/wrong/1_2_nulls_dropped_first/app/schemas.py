# Wrong answer to 1.2: whatever is null is dropped before it looks, and with it an unknown field that is null.
# Rejected by: test_an_unknown_field_is_refused
# Because: \"feature_3\": null\} was answered with 200, not with 422
"""What goes in and what comes out of a prediction, as pydantic models."""

from typing import Any

from pydantic import BaseModel, ConfigDict, FiniteFloat, model_validator


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    # Without this, a misspelled field is dropped in silence, and its default or a 422 about
    # the other name is all that the caller ever learns.
    model_config = ConfigDict(extra="forbid")

    # Not plain `float`: Python's JSON parser takes NaN and Infinity, and a model that is fed
    # one of them answers with nonsense instead of an error.
    feature_1: FiniteFloat
    feature_2: FiniteFloat

    @model_validator(mode="before")
    @classmethod
    def without_nulls(cls, data: Any) -> Any:
        """Some clients write a null for what they don't know: then the field is missing, and the error says so."""
        if isinstance(data, dict):
            return {name: value for name, value in data.items() if value is not None}
        return data


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    # Logged and returned with each answer, it says later which model was to blame.
    model_version: str
