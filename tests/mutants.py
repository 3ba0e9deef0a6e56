"""Changes a solution in every small way that cosmic-ray knows, and has the katas of its exercises judge each mutant.

``python -m tests.mutants [app/metrics.py …]``; about two seconds a mutant. A kata that lets a mutant live
doesn't look at what was changed, unless the change changes nothing: those are argued for in
`ARGUED`. The mutants live in a copy of the repository. (mutmut, the other tool of this kind that is kept
well, runs the mutated code in the process of its tests, which a judge never does.)
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from dojo import catalog
from dojo.workspace import ROOT

#: What a judge run needs of the repository.
NEEDED = ("app", "dojo", "docs", "katas", "solutions", "pyproject.toml")
#: At least so many of a hundred have to be killed.
GOAL = 95
#: How long one mutant may be judged: longer than any patience limit of the katas. In seconds.
TIMEOUT = 120.0

#: Mutants that may live, by file and by the line that they put into it, and why.
ARGUED = {
    ("app/metrics.py", "if not 0 <= seconds != math.inf:"):
        "it changes nothing: of the numbers from 0 on only infinity is not below infinity, and `0 <= seconds` refuses a NaN before",
    ("app/middleware.py", "return time.perf_counter() % began"):
        "it changes nothing: the clock began with the machine, longer ago than a request takes, and there the remainder is the difference",
    ("app/middleware.py", 'if message["type"] <= "http.response.body":'):
        "it changes nothing: of all messages that an application may send, this one's type comes first in the alphabet",
}


def mutants(file: str, folder: Path) -> list[tuple[str, str]]:
    """The outcome of each mutant of a solution's ``file``, with its difference from the solution."""
    for name in NEEDED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    katas = " ".join(str(exercise.kata) for exercise in catalog.exercises() if file in exercise.edit)
    if not katas:
        raise SystemExit(f"no exercise edits {file}")
    (folder / "mutants.toml").write_text(
        f'[cosmic-ray]\nmodule-path = "solutions/{file}"\ntimeout = {TIMEOUT}\nexcluded-modules = []\n'
        f'test-command = "{sys.executable} -m pytest -x {katas} --workspace solutions"\n\n[cosmic-ray.distributor]\nname = "local"\n',
        encoding="utf-8",
    )

    def cosmic_ray(*arguments: str) -> str:
        command = [sys.executable, "-c", "import sys; from cosmic_ray.cli import main; sys.exit(main())", *arguments]
        return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout

    cosmic_ray("baseline", "mutants.toml")  # fails when the solution isn't green
    cosmic_ray("init", "mutants.toml", "mutants.sqlite")
    cosmic_ray("exec", "mutants.toml", "mutants.sqlite")
    results: list[tuple[dict[str, Any], dict[str, Any]]] = [json.loads(each) for each in cosmic_ray("dump", "mutants.sqlite").splitlines()]
    return [(result["test_outcome"], result["diff"]) for _, result in results]


def added(difference: str) -> str:
    """The line that a mutant puts into the file."""
    return " ".join(line[1:].strip() for line in re.findall(r"^\+(?!\+\+).*$", difference, re.M))


def main() -> int:
    """Returns 1 when too few mutants of a file were killed, or one lives for which nobody argues."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", default=["app/metrics.py", "app/middleware.py"], help="files of solutions/ that exercises edit")
    failed = False
    for file in parser.parse_args().files:
        with tempfile.TemporaryDirectory(prefix="serving-katas-mutants-") as folder:
            outcomes = mutants(file, Path(folder))
        alive = [difference for outcome, difference in outcomes if outcome != "killed"]
        share = 100 * (len(outcomes) - len(alive)) / len(outcomes)
        print(f"{file}: {len(outcomes) - len(alive)} of {len(outcomes)} mutants killed, {share:.1f} %")
        failed |= share < GOAL
        for difference in alive:
            argument = ARGUED.get((file, added(difference)))
            failed |= argument is None
            print(f"\n{difference}\n{argument or 'NOBODY ARGUES FOR IT'}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
