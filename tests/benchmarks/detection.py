"""How well held loops and queues are told from free ones, by the answers to 1.5 and 1.7.

``python -m tests.benchmarks.detection [--times N] [--busy N]``: the share of wrong answers that are
caught, of right ones that fail, and of wrong ones whose message names the line that their header names.
"""

import argparse
import re
import sys
from collections import Counter

from tests.judging import answers, judge_all
from tests.stress import busy


def measure(times: int) -> Counter[str]:
    """Counts over ``times`` passes."""
    count: Counter[str] = Counter()
    chosen = [answer for answer in answers() if {"1.5", "1.7"} & set(answer.exercises)]
    for _ in range(times):
        for answer, verdict in judge_all(chosen, 2):
            kind = "right" if answer.right else "wrong"
            count[kind] += 1
            count[f"{kind} red"] += any(state != "green" for state in verdict.states.values())
            lines = [because for because in answer.because if re.search(r"\\?\.py:\d", because)]
            if not answer.right and lines:
                count["lines"] += 1
                count["lines named"] += any(re.search(line, message) for line in lines for message in verdict.messages.values())
    return count


def main() -> int:
    """Prints the row, idle and beside busy processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--busy", type=int, default=4)
    arguments = parser.parse_args()
    print(f"{'':<8} {'wrong ones caught':>20} {'right ones failed':>20} {'line named':>14}")
    for name, processes in (("idle", 0), ("busy", arguments.busy)):
        with busy(processes):
            count = measure(arguments.times)
        print(f"{name:<8} {count['wrong red']:>12} of {count['wrong']:<4} {count['right red']:>12} of {count['right']:<4} "
              f"{count['lines named']:>6} of {count['lines']}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
