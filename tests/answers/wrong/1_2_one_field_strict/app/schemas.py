# Wrong answer to 1.2: one feature takes a text, the other doesn't.
# Rejected by: test_a_text_or_a_bool_is_taken_as_its_number_or_refused
# Because: feature_1 takes .*feature_2 refuses
"""What goes in and what comes out of a prediction, as pydantic models."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    feature_1: FiniteFloat
    feature_2: Annotated[float, Field(strict=True, allow_inf_nan=False)]


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: float
    model_version: str
