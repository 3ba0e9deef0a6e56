"""What a right prediction is, for exercises 1.3 and 1.7; and a model that no file knows, for 1.3."""

import math
import random
from dataclasses import dataclass
from typing import Any

from dojo.kata import Functions


async def predicted(reference: Functions, feature_1: float, feature_2: float) -> dict[str, Any]:
    """What a right service answers: the given model of ``solutions/`` is asked."""
    return {
        "prediction": await reference.call("app.model:predict", feature_1, feature_2),
        "model_version": await reference.value("app.model:MODEL_VERSION"),
    }


def same(expected: dict[str, Any], answer: Any) -> bool:
    """Whether two answers agree to the last digit: JSON keeps all of a float's, and both come from the same model."""
    return isinstance(answer, dict) and expected == answer and type(answer["prediction"]) is not bool


@dataclass(frozen=True)
class OtherModel:
    """A model for ``app/model.py``, with the same face as the given one and other probabilities."""

    weight_1: float
    weight_2: float
    bias: float
    version: str

    @classmethod
    def drawn(cls) -> "OtherModel":
        """One at random; its weights are far enough from each other and from 0 to tell."""
        low, high = (random.choice((-1, 1)) * random.uniform(*limits) for limits in ((0.1, 0.2), (0.5, 0.7)))
        first, second = random.sample((low, high), 2)
        return cls(round(first, 6), round(second, 6), round(random.uniform(-0.5, 0.5), 6),
                   f"{random.randint(2, 9)}.{random.randint(0, 99)}.{random.randint(0, 999)}")

    @property
    def overlay(self) -> dict[str, str]:
        """What ``options={"overlay": …}`` takes."""
        text = TEMPLATE.format(version=self.version, weight_1=self.weight_1, weight_2=self.weight_2, bias=self.bias)
        return {"app/model.py": text}

    def answer(self, feature_1: float, feature_2: float) -> dict[str, Any]:
        """What a right service answers when it is served with this model."""
        z = self.weight_1 * feature_1 + self.weight_2 * feature_2 + self.bias
        return {"prediction": 0.5 + math.atan(z) / math.pi, "model_version": self.version}


#: Its formula isn't the given one's: one that was copied from there, even with these weights, is found out.
TEMPLATE = '''\
"""The model that is served: the kata has put it in the place of the given one."""

import math

MODEL_VERSION = "{version}"

WEIGHT_1 = {weight_1!r}
WEIGHT_2 = {weight_2!r}
BIAS = {bias!r}


def predict(feature_1: float, feature_2: float) -> float:
    """The probability of the positive class, from 0 to 1, for two finite features."""
    z = WEIGHT_1 * feature_1 + WEIGHT_2 * feature_2 + BIAS
    return 0.5 + math.atan(z) / math.pi
'''
