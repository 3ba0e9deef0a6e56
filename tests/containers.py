"""Judges the answers that take a container engine: ``python -m tests.containers --part 2/6`` judges every sixth, from the second on.

Each builds an image or two, so all of them are a session of their own, ``nox -s containers``; CI judges a part with each commit.
"""

import argparse
import re
import sys
import time

from tests.judging import answers, complaints, engine, judge_all, needs_engine


def main() -> int:
    """Returns 1 when any verdict was not what the answer's header says."""
    parser = argparse.ArgumentParser(prog="nox -s containers --", description=__doc__)
    parser.add_argument("--part", default="1/1", metavar="N/M", help="which part of how many, such as 2/6 (default: all)")
    parser.add_argument("--only", default="", help="a regular expression of answers' names")
    parser.add_argument("--jobs", type=int, default=2, help="how many are judged at once")
    arguments = parser.parse_args()
    if not engine():
        print("There is no container engine. On Debian, as root: .ci/container-engine up", file=sys.stderr)
        return 1
    number, parts = map(int, arguments.part.split("/"))
    everything = [answer for answer in answers() if needs_engine(answer) and re.search(arguments.only, answer.name)]
    chosen = everything[(number - 1) % parts:: parts]
    print(f"part {number} of {parts}: {len(chosen)} of {len(everything)} answers", flush=True)
    began, failed = time.monotonic(), 0
    for answer, verdict in judge_all(chosen, arguments.jobs):
        wrong = list(complaints(answer, verdict))
        failed += bool(wrong)
        print(f"{'✗' if wrong else '✓'} {answer.name}  {verdict.seconds:.0f} s", *wrong, sep="\n  " if wrong else "", flush=True)
    print(f"{len(chosen) - failed} passed, {failed} failed")
    print(f"in {time.monotonic() - began:.0f} s")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
