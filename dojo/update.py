"""Brings new katas, tools and chapters into a learner's clone, and doesn't touch what the learner has edited.

All that learners don't edit becomes as it is in the newer version. Of the rest, what still is the stub follows the stub; what was edited
stays, committed or not, and where its stub has changed the new one is laid aside. The clone's history gets one merge, so that the
next update knows where this one left off.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from dojo.workspace import EDITABLE

#: Where new stubs of edited files are laid.
ASIDE = Path(".dojo") / "new-stubs"
#: Files that the tools write for a learner, in a place where others lie.
OWN = ("docs/Exercises/exercise-tracker.md",)


class CanNotUpdate(Exception):
    """Nothing was changed; the text says why, and what to do."""


class Clone:
    """A git clone at ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *arguments: str, index: Path | None = None, check: bool = True) -> str:
        """What git says; raises `CanNotUpdate` when it refuses."""
        environment = {**os.environ, **({"GIT_INDEX_FILE": str(index)} if index else {})}
        done = subprocess.run(["git", *arguments], cwd=self.root, env=environment, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise CanNotUpdate(f"git {arguments[0]} failed:\n{done.stderr.strip()}")
        return done.stdout.strip()

    def blobs(self, commit: str) -> dict[str, str]:
        """Each file of a commit, with what it is and its content's number."""
        listed = self.git("ls-tree", "-r", "-z", commit)
        return {path: told for line in listed.split("\0") if line for told, _, path in [line.partition("\t")]}


def editable(path: str) -> bool:
    """Whether a learner edits this file."""
    return path.partition("/")[0] in EDITABLE or path in OWN


def update(clone: Clone, source: str, branch: str) -> Iterator[str]:
    """Updates the clone from ``branch`` at ``source``; says what it did, line by line. Raises `CanNotUpdate`."""
    clone.git("fetch", "--quiet", "--no-tags", source, branch)
    new, old = clone.git("rev-parse", "FETCH_HEAD"), clone.git("rev-parse", "HEAD")
    base = clone.git("merge-base", old, new, check=False)
    if not base:
        raise CanNotUpdate(f"This clone and {source} have no history in common: is it the repository that this one came from?")
    if base == new:
        yield "Up to date."
        return
    touched = {path for path in clone.git("diff", "--name-only", "--no-renames", "-z", "HEAD").split("\0") if path}
    foreign = sorted(path for path in touched if not editable(path))
    if foreign:
        raise CanNotUpdate("These files are no part of an answer, and you have changed them:\n" + "".join(f"    {path}\n" for path in foreign) +
                           "Put them back with `git checkout FILE`, or commit them, and update again.")
    was, mine, theirs = clone.blobs(base), clone.blobs(old), clone.blobs(new)
    merged = {path: told for path, told in theirs.items() if not editable(path)}
    aside = []
    for path in {*mine, *theirs} - merged.keys():
        if not editable(path):
            continue
        untouched = mine.get(path) == was.get(path) and path not in touched
        if (chosen := theirs.get(path) if untouched else mine.get(path)) is not None:
            merged[path] = chosen
        if not untouched and path in theirs and theirs[path] not in (was.get(path), mine.get(path)):
            aside.append(path)
    conflicts = [path for path in mine if not editable(path) and path not in was and path in theirs and mine[path] != theirs[path]]
    gone = [path for path in mine if path not in merged]
    yield from _commit(clone, merged, old, new, mine, gone)
    for path in sorted(aside):
        place = clone.root / ASIDE / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(clone.git("show", f"{new}:{path}") + "\n", encoding="utf-8")
        yield f"{path} has a new stub. Yours stays; the new one lies in {ASIDE / path}."
    for path in sorted(conflicts):
        yield f"{path} was yours and is now a file of the katas; yours is in {old[:10]}."


def _commit(clone: Clone, merged: dict[str, str], old: str, new: str, mine: dict[str, str], gone: list[str]) -> Iterator[str]:
    """Makes the merge, and brings the working tree to it as far as it differs from what was there."""
    index = clone.root / clone.git("rev-parse", "--git-path", "dojo-update-index")
    try:
        listed = "".join(f"{told.split()[0]} {told.split()[2]}\t{path}\n" for path, told in sorted(merged.items()))
        clone.git("read-tree", "--empty", index=index)
        subprocess.run(["git", "update-index", "--index-info"], cwd=clone.root, env={**os.environ, "GIT_INDEX_FILE": str(index)}, input=listed,
                       text=True, check=True)
        tree = clone.git("write-tree", index=index)
    finally:
        index.unlink(missing_ok=True)
    commit = clone.git("commit-tree", tree, "-p", old, "-p", new, "-m", "New katas; what was edited stays as it is")
    changed = sorted(path for path, told in merged.items() if mine.get(path) != told)
    blocked = [path for path in changed if path not in mine and os.path.lexists(clone.root / path)]
    if blocked:
        raise CanNotUpdate("These files of yours stand where new ones of the katas belong:\n" + "".join(f"    {path}\n" for path in blocked) +
                           "Move them away and update again.")
    clone.git("update-ref", "-m", "dojo update", "HEAD", commit, old)
    for first in range(0, len(changed), 200):
        clone.git("checkout", "--quiet", commit, "--", *changed[first:first + 200])
    for first in range(0, len(gone), 200):
        clone.git("rm", "--quiet", "--cached", "--ignore-unmatch", "--", *gone[first:first + 200])
    for path in gone:
        (clone.root / path).unlink(missing_ok=True)
    yield f"{len(changed)} files are new or newer, {len(gone)} are gone. What you have edited is as it was."


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``dojo update``."""
    parser.add_argument("--from", dest="source", default="", metavar="REMOTE", help="where new katas come from (default: upstream, else origin)")
    parser.add_argument("--branch", default="main", help="its branch (default: main)")


def run(options: argparse.Namespace, root: Path) -> int:
    """Updates the clone at ``root``."""
    clone = Clone(root)
    try:
        if clone.git("rev-parse", "--is-inside-work-tree", check=False) != "true":
            raise CanNotUpdate("This is no git clone: clone the repository, and bring your app/ along.")
        remotes = clone.git("remote").split()
        source = options.source or ("upstream" if "upstream" in remotes else "origin")
        for line in update(clone, source, options.branch):
            print(line)
    except CanNotUpdate as error:
        print(f"dojo update: {error}\nNothing was changed.", file=sys.stderr)
        return 2
    return 0
