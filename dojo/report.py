"""The report: one page that shows what the katas have seen so far, to look at, to keep and to send to somebody.

It is made of the latest result of each exercise (`dojo.progress`), judges nothing itself, and is whole: no script, and
nothing that it would have to fetch from anywhere.
"""

import argparse
import datetime
import itertools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dojo import catalog
from dojo.progress import Notebook
from dojo.results import Result
from dojo.terminal import SIGNS
from dojo.workspace import ROOT, Workspace

#: How a state is called; its sign and its color say it as well.
STATES = {"green": "green", "red": "red", "part": "judged in part", "unclear": "inconclusive", "broken": "the kata failed", "": "not judged yet"}

#: What stands at the top when it has been seen, each with where it comes from: title, exercise, kinds of pictures.
HIGHLIGHTS = (
    ("Three ways to wait, side by side", "1.7", ("timeline",)),
    ("The same load on sync, async and broken", "3.6", ("comparison",)),
    ("How long requests take", "3.5", ("latencies",)),
    ("Where the service breaks", "3.5", ("curve",)),
    ("Workers, throughput and memory", "4.2", ("workers",)),
    ("What a worker costs in memory", "4.4", ("workers",)),
)


def blocks(text: str) -> list[tuple[str, str]]:
    """The paragraphs (``p``) and pictures or code (``pre``) of a message: lines that start with a space stay as they are."""
    told: list[tuple[str, str]] = []
    for kind, lines in itertools.groupby(text.splitlines(), key=lambda line: "pre" if line.startswith(" ") else "p" if line.strip() else ""):
        if kind:
            told.append((kind, "\n".join(lines)))
    return told


def _drawn(pictures: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each picture with its SVG and what it shows as a table; one that is of no kind that can be drawn is left out."""
    from dojo import pictures as draw  # takes half a second, which no other command needs

    drawn = []
    for picture in pictures:
        try:
            svg, table = draw.DRAWN[picture["kind"]](picture), draw.said(picture)
        except (KeyError, TypeError, ValueError, IndexError):  # noted by another version of the katas
            continue
        drawn.append({"title": picture["title"], "kind": picture["kind"], "svg": svg, "head": table[0], "rows": table[1:],
                      "line": picture.get("line", "")})
    return drawn


def _exercise(exercise: catalog.Exercise, result: Result | None) -> dict[str, Any]:
    state = result.state if result else ""
    shown: dict[str, Any] = {"id": exercise.id, "title": exercise.title, "anchor": f"exercise-{catalog.anchor(exercise.id)}", "state": state,
                             "said": STATES.get(state, state), "sign": SIGNS.get(state, "·"), "edit": exercise.edit, "link": exercise.link}
    if result:
        shown |= {"expected": result.expected, "message": blocks(result.message), "notes": result.notes, "pictures": _drawn(result.seen)}
    return shown


def page(workspace: Workspace, now: datetime.datetime | None = None) -> str:
    """The report on a workspace, as HTML; ``now`` is the time that stands on it."""
    notebook, number = Notebook(workspace), itertools.count(1)
    phases = []
    for phase in catalog.phases():
        exercises = [_exercise(each, notebook.latest(each.id)) for each in phase.exercises]
        green = sum(each["state"] == "green" for each in exercises)
        phases.append({"id": phase.id, "title": phase.title, "exercises": exercises, "green": green, "anchor": f"phase-{catalog.anchor(phase.id)}"})
    by_id = {each["id"]: each for phase in phases for each in phase["exercises"]}
    highlights = []
    for title, exercise_id, kinds in HIGHLIGHTS:
        pictures = [each for each in by_id.get(exercise_id, {}).get("pictures", ()) if each["kind"] in kinds]
        if pictures:
            highlights.append({"title": title, "exercise": by_id[exercise_id], "pictures": pictures, "anchor": f"seen-{next(number)}"})
            # Drawn once: a page with two copies of a picture would be twice as long.
            by_id[exercise_id]["pictures"] = [each for each in by_id[exercise_id]["pictures"] if each not in pictures]
            by_id[exercise_id].setdefault("above", []).append(highlights[-1])
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True)
    return environment.get_template("report.html").render(
        phases=phases, highlights=highlights, workspace=workspace.name, when=(now or datetime.datetime.now()).strftime("%Y-%m-%d %H:%M"),
        green=sum(phase["green"] for phase in phases), count=len(by_id), judged=sum(bool(each["state"]) for each in by_id.values()),
    )


def write(arguments: argparse.Namespace) -> int:
    """The command: writes the report, and says where."""
    workspace = Workspace.at(ROOT if arguments.workspace == "." else arguments.workspace)
    notebook = Notebook(workspace)
    target = Path(arguments.output) if arguments.output else notebook.folder / "report.html"
    html = page(workspace)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.part")
    unfinished.write_text(html, encoding="utf-8")
    unfinished.replace(target)
    judged = sum(notebook.latest(each.id) is not None for each in catalog.exercises())
    print(f"{target.resolve().as_uri()}\n{judged} of {len(catalog.exercises())} exercises have been judged"
          + ("." if judged else ": nox judges them, and what it sees will be in the next report."))
    return 0
