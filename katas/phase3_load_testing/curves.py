"""Steps of a growing load, and what the breaking point among them is; curves of the universal scalability law, drawn by hypothesis.

The law says of N users: X(N) = λN / (1 + σ(N - 1) + κN(N - 1)). σ is the part of the work that only one can do at a time,
κ what everybody's agreeing with everybody costs; with a κ above 0 the throughput falls again at last. Without a pause between a
user's requests, a request takes N / X(N) seconds (Little's law).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from dojo.evidence import Picture
from katas.phase2_observability.strategies import again as _again
from katas.phase2_observability.strategies import drawn

__all__ = ["Step", "again", "breaking_point", "curves", "drawn", "rejection", "table"]

#: Throughput that is more by at most this part of it is no more.
TOLERANCE = 0.05


@dataclass(frozen=True)
class Step:
    """One step, as in app/loadtest/analysis.py."""

    users: int
    rps: float
    p95_s: float
    failure_rate: float

    def meets(self, slo: float, most_failed: float) -> bool:
        """Whether it met the objective."""
        return self.p95_s <= slo and self.failure_rate <= most_failed


def again(exercise: str) -> str:
    """The line that repeats a run with the examples of this one."""
    return _again(exercise).replace("phase2", "phase3")


def rejection(step: Step, steps: Sequence[Step], slo: float, most_failed: float) -> str:
    """Why ``step`` can't be the breaking point; empty when it could, were there no other with more users."""
    if step.p95_s > slo:
        return f"its p95 of {step.p95_s:.4g} s is above the objective"
    if step.failure_rate > most_failed:
        return f"its failure rate of {step.failure_rate:.4g} is above the objective"
    above = [each for each in steps if each.meets(slo, most_failed) and each.rps > step.rps * (1 + TOLERANCE)]
    if above:
        best = max(above, key=lambda each: each.rps)
        return f"the step of {best.users} users met the objective too, with more throughput"
    if all(each.users <= step.users for each in steps):
        return "it is the last one: what more users bring nobody has seen"
    return ""


def breaking_point(steps: Sequence[Step], slo: float, most_failed: float) -> Step | None:
    """The breaking point by the rule of the exercise."""
    return max((step for step in steps if not rejection(step, steps, slo, most_failed)), key=lambda step: step.users, default=None)


def table(steps: Sequence[Step], slo: float, most_failed: float) -> Picture:
    """The steps, in the order of their users."""
    lines = ["  users       rps     p95_s   failure_rate"]
    for step in sorted(steps, key=lambda step: step.users):
        met = "met" if step.meets(slo, most_failed) else "not met"
        lines.append(f"  {step.users:>5} {step.rps:>9.4g} {step.p95_s:>9.4g} {step.failure_rate:>14.4g}   {met}")
    return Picture("\n".join(lines))


# -- what hypothesis draws

#: Throughputs lie on a grid of steps of 12 %, and noise moves them by 1 % at most: two of them differ by less than 3 % or more than 9 %.
_GRID, _NOISE = 1.12, 0.01
_growth = st.sampled_from([1.25, 1.5, 2.0])


@st.composite
def curves(draw: st.DrawFn) -> tuple[list[Step], float, float]:
    """Noisy steps along a curve of the law, in any order, with an objective: a p95 and a failure rate."""
    rate = draw(st.floats(5.0, 50.0))
    sigma, kappa = draw(st.floats(0.0, 0.2)), draw(st.sampled_from([0.0, 0.0001, 0.001, 0.01]))
    slo, most_failed = draw(st.floats(0.05, 5.0)), draw(st.sampled_from([0.0, 0.01, 0.05]))
    users, growth = draw(st.integers(1, 8)), draw(_growth)
    steps = []
    for _ in range(draw(st.integers(1, 9))):
        exact = rate * users / (1 + sigma * (users - 1) + kappa * users * (users - 1))
        rps = _GRID ** round(math.log(exact, _GRID)) * (1 + draw(st.floats(-_NOISE, _NOISE)))
        p95 = users / exact * (1 + draw(st.floats(0.0, 0.3)))
        if 0.98 < p95 / slo < 1.02:  # not at the border, where noise decides
            p95 = slo * 0.98
        hiccup = draw(st.integers(0, 9)) == 0  # something else ran on the machine
        failed = most_failed * draw(st.sampled_from([0.0, 0.5, 1.0]))
        steps.append(Step(users, rps, 2 * slo + p95 if hiccup else p95, failed if draw(st.integers(0, 9)) else most_failed + 0.02))
        users = max(users + 1, round(users * growth))
    return draw(st.permutations(steps)), slo, most_failed
