"""What hypothesis draws for the katas of this phase, and how often."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

#: Every float that JSON can hold.
finite = st.floats(allow_nan=False, allow_infinity=False)

#: Small enough for a learner's wait, the same examples in each run, nothing written to the disk.
quick = settings(
    max_examples=60,
    deadline=None,
    database=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
