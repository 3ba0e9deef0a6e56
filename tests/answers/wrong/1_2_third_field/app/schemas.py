# Wrong answer to 1.2: a third field that nobody asked for.
# Rejected by: test_an_unknown_field_is_refused or test_the_schema_has_two_fields
# Because: request_id
"""What goes in and what comes out of a prediction, as pydantic models."""

from pydantic import BaseModel, ConfigDict, FiniteFloat


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    feature_1: FiniteFloat
    feature_2: FiniteFloat
    request_id: str | None = None


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
