# Wrong answer to 1.2: an empty text is taken for 0.
# Rejected by: test_what_is_no_number_is_refused
# Because: "feature_[12]": "".* was answered with 200, not with 422
"""What goes in and what comes out of a prediction, as pydantic models."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, FiniteFloat


def filled(value: Any) -> Any:
    """What came from a form that was left empty counts as 0."""
    return 0.0 if value == "" else value


Feature = Annotated[FiniteFloat, BeforeValidator(filled)]


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    feature_1: Feature
    feature_2: Feature


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
