# Wrong answer to 1.2: a feature has a second name, by which it is taken too.
# Rejected by: test_a_missing_field_is_named
# Because: feature1
"""What goes in and what comes out of a prediction, as pydantic models."""

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    feature_1: FiniteFloat = Field(alias="feature1")
    feature_2: FiniteFloat


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
