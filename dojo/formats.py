"""Results in the forms that other tools read; all from the one record, and none adds anything to it.

Texts in them may come from a submission: each format gets them in a form in which they can't be anything but text.
"""

import base64
import csv
import functools
import hashlib
import io
import json
import re
import secrets
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dojo import catalog
from dojo.submission import printable

Result = dict[str, Any]

#: The form's own limit is 1 MiB; nobody reads that much.
LONGEST_SUMMARY = 200_000
LONGEST_MESSAGE = 8_000

_TITLES = {"green": "passed", "red": "failed", "part": "judged in part", "unclear": "inconclusive", "broken": "the kata failed itself",
           "missing": "not judged", "withheld": "withheld: a person has to look at it"}


def clean(text: str | None) -> str:
    """``text`` with its lines, and without anything that could steer a terminal, reorder what is read, or be no character at all."""
    lines = (text or "")[:LONGEST_MESSAGE].split("\n")
    return "\n".join(printable(line, LONGEST_MESSAGE) for line in lines)


def _told(test: Result) -> str:
    """Why an exercise earned nothing; empty when it did."""
    if test["status"] == "pass":
        return ""
    return clean(f"{_TITLES.get(test['state'], test['state'])}. {test['message'] or ''}".strip())


def line(result: Result) -> str:
    """One line for one submission."""
    name = result["submission"]["name"]
    if result["grader_error"]:
        return f"{name}: grader error, not a zero: {printable(result['grader_error'], 160)}"
    held = sum(test["state"] == "withheld" for test in result["tests"])
    unclear = [test["id"] for test in result["tests"] if test["state"] == "unclear"]
    more = [f"{held} withheld: to be looked at"] * bool(held) + [f"inconclusive: {', '.join(unclear)}"] * bool(unclear)
    if result["message"]:
        more.append(printable(result["message"]))
    return f"{name}: {result['points']}/{result['max_points']}" + (f"   ({'; '.join(more)})" if more else "")


def folders(names: Iterable[str]) -> list[str]:
    """A folder's name for each submission: readable, harmless, no other's, and the same in each run, whoever else is in it."""
    made: dict[str, str] = {}
    for name in names:
        safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:60] or "submission"
        digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()
        # Longer for one who is called so that it begins like another's.
        folder = next(each for digits in range(6, 65) if (each := f"{safe}-{digest[:digits]}").casefold() not in made)
        made[folder.casefold()] = folder
    return list(made.values())


# -- one submission


def results(result: Result) -> str:
    """results.json, as dojo/results.schema.json describes it; in ASCII, so that no terminal that shows it obeys it."""
    return json.dumps(result, indent=2) + "\n"


def junit(result: Result) -> str:
    """JUnit XML: a suite for each phase, points as properties."""
    top = ElementTree.Element("testsuites", name="Serving Katas")
    phases: dict[str, list[Result]] = {}
    for test in result["tests"]:
        phases.setdefault(test["phase"], []).append(test)
    for phase, tests in phases.items():
        count = Counter(test["status"] for test in tests)
        suite = ElementTree.SubElement(top, "testsuite", name=f"phase {phase}", tests=str(len(tests)), failures=str(count["fail"]),
                                       errors=str(count["error"]), skipped="0", time=f"{sum(test['seconds'] for test in tests):.3f}")
        _properties(suite, points=sum(t["points"] for t in tests), max_points=sum(t["max_points"] for t in tests), seed=result["seed"],
                    jail=result["jail"]["level"])
        for test in tests:
            case = ElementTree.SubElement(suite, "testcase", classname=_dotted(test["test_code"]), name=test["name"], time=f"{test['seconds']:.3f}")
            _properties(case, points=test["points"], max_points=test["max_points"], state=test["state"])
            if test["status"] != "pass":
                told = _told(test)
                kind = "failure" if test["status"] == "fail" else "error"
                ElementTree.SubElement(case, kind, message=told.partition("\n")[0][:300], type=test["state"]).text = told
    for key, count_of in (("tests", None), ("failures", "fail"), ("errors", "error")):
        top.set(key, str(sum(count_of is None or test["status"] == count_of for test in result["tests"])))
    ElementTree.indent(top)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(top, encoding="unicode") + "\n"


def _properties(element: ElementTree.Element, **properties: object) -> None:
    parent = ElementTree.SubElement(element, "properties")
    for name, value in properties.items():
        ElementTree.SubElement(parent, "property", name=name, value=str(value))


def _dotted(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def ctrf(result: Result) -> str:
    """The Common Test Report Format, 1.0.0; points stand under ``extra``."""
    statuses = {"pass": "passed", "fail": "failed", "error": "other"}
    count = Counter(statuses[test["status"]] for test in result["tests"])
    duration = round(1000 * result["seconds"])
    tests = []
    for test in result["tests"]:
        message = {"message": _told(test)} if test["status"] != "pass" else {}
        tests.append({"name": test["name"], "status": statuses[test["status"]], "duration": round(1000 * test["seconds"]), **message,
                      "rawStatus": test["state"], "suite": [f"phase {test['phase']}"], "filePath": test["test_code"],
                      "extra": {"id": test["id"], "points": test["points"], "max_points": test["max_points"],
                                "measurements": [clean(each) for each in test["measurements"]]}})
    return json.dumps({"reportFormat": "CTRF", "specVersion": "1.0.0", "generatedBy": "serving-katas", "results": {
        "tool": {"name": "serving-katas"},
        "summary": {"tests": len(tests), **{name: count[name] for name in ("passed", "failed", "skipped", "pending", "other")}, "start": 0,
                    "stop": duration, "extra": {"points": result["points"], "max_points": result["max_points"], "seed": result["seed"],
                                                "jail": result["jail"]["level"], "grader_error": result["grader_error"]}},
        "tests": tests}}, ensure_ascii=False, indent=2) + "\n"


def classroom(result: Result) -> str:
    """What GitHub Classroom's reporter takes: the JSON in base64, for a step's output ``result``."""
    tests = [{"name": test["name"], "status": test["status"], "score": test["points"], "message": _told(test), "test_code": test["test_code"],
              "filename": test["test_code"], "line_no": 0, "duration": round(1000 * test["seconds"]), "task_id": test["task_id"]}
             for test in result["tests"] if test["max_points"]]  # the reporter weighs all that it is given
    told = {"version": 3, "status": result["status"], "max_score": result["max_points"], "tests": tests}
    if result["message"]:
        told["message"] = clean(result["message"])
    return base64.b64encode(json.dumps(told).encode()).decode() + "\n"


def gradescope(result: Result) -> str:
    """Gradescope's results.json. A grader error has no score at all, which Gradescope shows as the autograder's failure."""
    tests = []
    for test in result["tests"]:
        score = {} if result["grader_error"] else {"score": test["points"], "max_score": test["max_points"]}
        tests.append({**score, "name": test["name"], "number": test["id"], "status": "passed" if test["status"] == "pass" else "failed",
                      "output": _told(test) or "\n".join(map(clean, test["measurements"])), "output_format": "text", "visibility": "visible",
                      "tags": [f"phase {test['phase']}"]})
    told: dict[str, Any] = {"output": clean(result["message"]) or "\n".join(map(clean, result["submission"]["remarks"])), "output_format": "text",
                            "execution_time": result["seconds"], "stdout_visibility": "hidden", "visibility": "visible", "tests": tests,
                            "extra_data": {"seed": result["seed"], "jail": result["jail"]["level"]}}
    if not result["grader_error"]:
        told["score"] = result["points"]
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def _in_markdown(text: str) -> str:
    """``text`` as it is: no markup, no link, no mention of anybody, no workflow command."""
    shown = "".join(f"&#{ord(c)};" if c in "\\`*_{}[]<>()#+-.!|@&~:" else c for c in clean(text).replace("\n", " "))
    return shown[:4000]


def summary(result: Result) -> str:
    """A page for ``$GITHUB_STEP_SUMMARY``: a table of the exercises, and what was seen of those that aren't green."""
    lines = [f"## {_in_markdown(result['submission']['name'])}: {result['points']} of {result['max_points']}", ""]
    if result["message"]:
        lines += [f"**{_in_markdown(result['message'])}**", ""]
    lines += ["| | exercise | points | what came of it |", "|---|---|---|---|"]
    signs = {"pass": "✅", "fail": "❌", "error": "⚠️"}
    for test in result["tests"]:
        lines.append(f"| {signs[test['status']]} | {_in_markdown(test['name'])} | {test['points']}/{test['max_points']} | {_TITLES[test['state']]} |")
    for test in result["tests"]:
        if test["status"] != "pass" and test["message"]:
            fence = "`" * (1 + max((len(run) for run in re.findall("`+", test["message"])), default=2))
            shown = [f"{fence}text", clean(test["message"]), fence]
            lines += ["", f"<details><summary>{_in_markdown(test['name'])}</summary>", "", *shown, "", "</details>"]
    for remark in result["submission"]["remarks"]:
        lines += ["", f"- {_in_markdown(remark)}"]
    walls = result["jail"]
    lines += ["", f"Seed {result['seed']} · jail {walls['level']}, network {walls['network']} · {result['seconds']:.0f} s", ""]
    text = "\n".join(lines)
    return text if len(text.encode()) <= LONGEST_SUMMARY else text.encode()[:LONGEST_SUMMARY].decode(errors="ignore") + "\n\n…\n"


def fenced_for_a_log(text: str) -> str:
    """``text`` for the log of a workflow: in between nothing is taken for a command to the runner."""
    token = secrets.token_hex(16)
    return f"::stop-commands::{token}\n{text}\n::{token}::\n"


#: Each format: the file that it is written to, and what writes it.
WRITERS: dict[str, tuple[str, Callable[[Result], str]]] = {
    "results": ("results.json", results), "junit": ("junit.xml", junit), "ctrf": ("ctrf.json", ctrf), "classroom": ("classroom.txt", classroom),
    "gradescope": ("gradescope.json", gradescope), "summary": ("summary.md", summary),
}


#: A path, in the folder of results, of what grading writes there.
OWN = re.compile(rf"(?:[A-Za-z0-9._-]+-[0-9a-f]{{6,64}}/)?(?:{'|'.join(re.escape(file) for file, _ in WRITERS.values())})|class\.(?:csv|md)")


def files(graded: Mapping[str, Result], wanted: Iterable[str], *, several: bool) -> dict[str, Callable[[], str]]:
    """What is to be written of ``graded``, each by its own name: paths, and what makes each text."""
    formats = [WRITERS[each] for each in dict.fromkeys(["results", *wanted])]
    places = [f"{folder}/" for folder in folders(graded)] if several else [""]
    made: dict[str, Callable[[], str]] = {f"{place}{file}": functools.partial(writer, result)
                                          for place, result in zip(places, graded.values(), strict=True) for file, writer in formats}
    if several:
        made |= {"class.csv": lambda: table(graded.values()), "class.md": lambda: class_page(graded.values())}
    return made


# -- a class


def _cell(text: object) -> str:
    """A cell that no spreadsheet takes for a formula, nor one that splits lines elsewhere than at commas for more than one cell.

    Quotes don't help with that: to such a spreadsheet they stand in the middle of a cell. Tabs and ends of lines are gone by `clean`.
    """
    shown = clean(str(text)).replace("\n", " ").replace(";", ",")
    return f"'{shown}" if re.match(r"[\s'\"]*[=+\-@＝＋－＠]", shown) else shown


def table(graded: Iterable[Result]) -> str:
    """A class as CSV: a row for each submission, a column for each exercise. A grader error leaves the points empty."""
    graded = list(graded)
    ids = [test["id"] for test in graded[0]["tests"]] if graded else []
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(["submission", "points", "max_points", "status", *ids, "remarks", "seed", "jail", "source"])
    for result in graded:
        states = {test["id"]: test["state"] for test in result["tests"]}
        status = "grader error" if result["grader_error"] else result["status"]
        remarks = " / ".join(filter(None, [result["message"], *result["submission"]["remarks"]]))
        writer.writerow([_cell(result["submission"]["name"]), "" if result["grader_error"] else result["points"], result["max_points"], status,
                         *(states.get(each, "missing") for each in ids), _cell(remarks), result["seed"], result["jail"]["level"],
                         _cell(result["submission"]["source"])])
    return output.getvalue()


def class_page(graded: Iterable[Result]) -> str:
    """For the instructor: which exercises a class fails, by which mistake, and what has to be looked at."""
    graded = list(graded)
    lines = [f"# A class of {len(graded)}", ""]
    fine = [result for result in graded if not result["grader_error"]]
    if fine:
        points = sorted(result["points"] for result in fine)
        most = fine[0]["max_points"]
        lines += [f"{len(fine)} judged: median {points[(len(points) - 1) // 2]} of {most} points, lowest {points[0]}, highest {points[-1]}.", ""]
    troubled = [result for result in graded if result["grader_error"]]
    if troubled:
        lines += ["## Grader errors: to be graded again", "", *(f"- {_in_markdown(line(result))}" for result in troubled), ""]
    held = [result for result in fine if any(test["state"] in ("withheld", "unclear") for test in result["tests"])]
    if held:
        lines += ["## To be looked at", ""]
        for result in held:
            open_ = [f"{test['id']} {_TITLES[test['state']]}" for test in result["tests"] if test["state"] in ("withheld", "unclear")]
            lines += [f"- {_in_markdown(result['submission']['name'])}: {_in_markdown(', '.join(open_))}",
                      *(f"  - {_in_markdown(place)}" for place in result["submission"]["reaches"])]
        lines.append("")
    lines += ["## The exercises", "", "| exercise | solved by | the tests at which it failed most |", "|---|---|---|"]
    for exercise in catalog.exercises():
        tests = [test for result in fine for test in result["tests"] if test["id"] == exercise.id]
        if not tests:
            continue
        solved = sum(test["status"] == "pass" for test in tests)
        where = Counter(str(test["test"] or _TITLES[test["state"]]).partition("[")[0] for test in tests if test["status"] != "pass")
        told = ", ".join(f"{_in_markdown(name)} ({count})" for name, count in where.most_common(3))
        lines.append(f"| {exercise.id} {_in_markdown(exercise.title)} | {solved} of {len(tests)} | {told} |")
    lines += ["", "## The submissions", "", "| submission | points | |", "|---|---|---|"]
    for result in graded:
        points_of = "" if result["grader_error"] else f"{result['points']}/{result['max_points']}"
        remark = result["message"] or "; ".join(result["submission"]["remarks"])
        lines.append(f"| {_in_markdown(result['submission']['name'])} | {points_of} | {_in_markdown(printable(remark, 200))} |")
    return "\n".join([*lines, ""])
