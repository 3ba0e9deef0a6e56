"""Judges every answer again and again beside busy processes: no verdict may ever change.

``python -m tests.stress --times 20 --busy 4 --only 1_5``. With ``--seeds`` each pass draws the
examples of property tests from a seed of its own; ``--seeds 26`` begins with that one. With ``--named``
all passes but the first judge a wrong answer only by the tests that have to reject it: right answers
go through all tests in each pass, and say whether any of them ever fails by chance. It is for katas
whose tests don't build on one another, which those of 4.1 and 4.6 do.
"""

import argparse
import contextlib
import multiprocessing
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator

from tests.judging import answers, complaints, judge_all


def _spin() -> None:
    """Keeps one CPU busy, and ends with its parent."""
    parent = os.getppid()
    while os.getppid() == parent:
        for _ in range(100_000):
            pass


@contextlib.contextmanager
def busy(count: int) -> Iterator[None]:
    """``count`` busy processes beside whatever runs inside."""
    processes = [multiprocessing.get_context("spawn").Process(target=_spin, daemon=True) for _ in range(count)]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.join()


def main() -> int:
    """Returns 1 when any verdict was not what the answer's header says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="how often each answer is judged (default: 20)")
    parser.add_argument("--busy", type=int, default=4, help="how many busy processes run beside it (default: 4)")
    parser.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 1), help="how many are judged at once")
    parser.add_argument("--only", default="", help="a regular expression of answers' names")
    parser.add_argument("--seeds", nargs="?", type=int, const=1, metavar="FIRST",
                        help="property tests draw from the seed FIRST in the first pass (1 when it isn't given), from the next in the second …")
    parser.add_argument("--named", action="store_true", help="after the first pass, wrong answers meet the tests alone that their headers name")
    arguments = parser.parse_args()
    chosen = [answer for answer in answers() if re.search(arguments.only, answer.name)]
    count = Counter[str]()
    changed: Counter[str] = Counter()
    with busy(arguments.busy):
        for number in range(1, arguments.times + 1):
            began = time.monotonic()
            if arguments.seeds is not None:  # each pass has processes of its own, which inherit it
                os.environ["KATA_SEED"] = str(arguments.seeds + number - 1)
            for answer, verdict in judge_all(chosen, arguments.jobs, named=frozenset(chosen) if arguments.named and number > 1 else ()):
                kind = "right" if answer.right else "wrong"
                count[kind] += 1
                for complaint in complaints(answer, verdict):
                    count[f"{kind}, changed"] += 1
                    changed[answer.name] += 1
                    print(f"  {answer.name}: {complaint}", flush=True)
            print(f"pass {number} of {arguments.times}: {len(chosen)} answers in {time.monotonic() - began:.0f} s, "
                  f"{sum(changed.values())} verdicts so far that the headers don't have", flush=True)
    print(f"\n{count['right']} verdicts on right answers, {count['right, changed']} of them changed")
    print(f"{count['wrong']} verdicts on wrong answers, {count['wrong, changed']} of them changed")
    print(f"{len(chosen)} answers, {arguments.times} times, {arguments.jobs} at once beside {arguments.busy} busy processes"
          + (", wrong ones by their named tests alone but for the first pass" if arguments.named else ""))
    for name, times in changed.most_common():
        print(f"  {times} of {arguments.times}: {name}")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
