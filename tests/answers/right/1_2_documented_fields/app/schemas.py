# Right answer to 1.2: fields with titles, examples and a finite prediction
"""What goes in and what comes out of a prediction, as pydantic models."""

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat


class PredictRequest(BaseModel):
    """The two features of one prediction: ``feature_1`` and ``feature_2``, finite floats, and nothing else."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"feature_1": 1.5, "feature_2": -2.0}]})

    feature_1: FiniteFloat = Field(title="First feature", examples=[1.5])
    feature_2: FiniteFloat = Field(title="Second feature", examples=[-2.0])


class PredictResponse(BaseModel):
    """One prediction: ``prediction``, a float, and the ``model_version`` that made it."""

    prediction: FiniteFloat = Field(description="probability of the positive class")
    model_version: str = Field(examples=["1.0.0"])
