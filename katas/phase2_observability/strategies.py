"""What hypothesis draws for the katas of this phase, and how often.

``KATA_THOROUGH=1`` draws fifty times as many examples, from a new seed in each run; ``KATA_SEED=7``
draws from that seed. Without them the same few examples come in each run.
"""

import os
import secrets
from collections.abc import Callable
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

#: Small enough for a learner's wait, and nothing written to the disk.
QUICK = settings(
    max_examples=40,
    stateful_step_count=20,
    deadline=None,
    database=None,
    derandomize=True,
    report_multiple_bugs=False,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
THOROUGH = settings(QUICK, max_examples=2000, stateful_step_count=40, derandomize=False)

_thorough = os.environ.get("KATA_THOROUGH", "0") not in ("", "0")
PROFILE = THOROUGH if _thorough else QUICK
SEED = int(os.environ["KATA_SEED"]) if os.environ.get("KATA_SEED") else secrets.randbelow(2**32) if _thorough else None


def drawn(test: Callable[..., Any]) -> Callable[..., Any]:
    """As a decorator above ``@given``, or called with a state machine: the profile, and the seed if there is one."""
    if not isinstance(test, type):
        test = PROFILE(test)
    return test if SEED is None else hypothesis.seed(SEED)(test)  # type: ignore[return-value]


def again(exercise: str) -> str:
    """The line that repeats a run with the examples of this one."""
    chosen = ("KATA_THOROUGH=1 " if _thorough else "") + (f"KATA_SEED={SEED} " if SEED is not None else "")
    return f"    {chosen}nox -s phase2 -- -k {exercise.replace('.', '_')}"


#: A few values that come again and again, so that samples are often equal; 0.0 is a sample like any other.
few = st.sampled_from([0.0, 0.001, 0.02, 0.25, 1.0, 1.5])

#: What can be sorted, infinities too.
samples = st.lists(st.one_of(few, st.floats(allow_nan=False)), min_size=1, max_size=40)

#: What a request may have taken, in seconds.
latency = st.one_of(few, st.floats(0.0, 1e6))

#: What no request can have taken.
no_latency = st.sampled_from([-1.0, -1e-9, float("nan"), float("inf"), float("-inf")])

capacity = st.integers(1, 6)

percent = st.integers(0, 100)
