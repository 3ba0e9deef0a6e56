"""Results in other tools' forms: valid by their schemas and parsers, the same as ever, and harmless whatever a submission says."""

import base64
import csv
import io
import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import junitparser
import pytest

from dojo import formats
from dojo.grade import Policy, failed
from dojo.workspace import ROOT

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = "::error::x\n\x1b[31m\x00\x07\ufffe\u202egnorw\u2069 </failure>]]> ```` <script>alert(1)</script> | =cmd() @everyone [a](javascript:x)"


def exercise(number: int, state: str, message: str | None = None, points: int = 1) -> dict[str, Any]:
    """One exercise of a result."""
    status = {"green": "pass", "red": "fail"}.get(state, "error")
    return {"name": f"1.{number} The exercise {number}", "status": status, "message": message, "output": None,
            "test_code": f"katas/phase1_foundation/test_1_{number}.py", "task_id": number, "id": f"1.{number}", "phase": "1",
            "points": points if status == "pass" else 0, "max_points": points, "state": state,
            "test": None if state == "green" else "test_that_is_red",
            "expected": None if state == "green" else "It is green.", "link": f"docs/Exercises/phase-1-foundation.md#1{number}",
            "measurements": ["8 requests waited 0.10 s together"] if state == "green" else [], "seconds": 0.25 * number}


def result(**changed: Any) -> dict[str, Any]:
    """A result with everything in it, as fixed as can be."""
    tests = [exercise(1, "green"), exercise(2, "red", "It answered 500 & not <200>.\nLook at app/schemas.py:3"),
             exercise(3, "unclear", "Too busy a machine."), exercise(4, "withheld", "It reaches:\napp/x.py:1: imports gc"),
             exercise(5, "broken", "Traceback …"), exercise(6, "missing", "It was not judged."), exercise(7, "green", points=0)]
    submission = {"name": "Ada", "source": "class/ada.zip", "digest": "0" * 64, "remarks": ["app/x.so was left out: only sources are judged"],
                  "reaches": ["app/x.py:1: imports gc"]}
    told = {"version": 3, "status": "fail", "message": None, "points": 1, "max_points": 6, "seed": 42, "seconds": 12.5, "tests": tests,
            "complete": True, "grader_error": None, "submission": submission,
            "jail": {"level": "bubblewrap", "landlock": 7, "seccomp": True, "network": "loopback", "weaker": ""}, "katas": "0123456789abcdef",
            "peak_memory": 123456789, "attempts": 1}
    return told | changed


def hostile() -> dict[str, Any]:
    """A result in which each text of the submission's is an attack."""
    tests = [exercise(1, "red", HOSTILE), exercise(2, "green") | {"measurements": [HOSTILE]}]
    submission = {"name": "=x", "source": HOSTILE, "digest": "", "remarks": [HOSTILE], "reaches": [HOSTILE]}
    return result(message=HOSTILE, tests=tests, submission=submission)


def schema() -> dict[str, Any]:
    """The schema of a record."""
    told: dict[str, Any] = json.loads((ROOT / "dojo" / "results.schema.json").read_text(encoding="utf-8"))
    return told


@pytest.mark.parametrize("name", sorted(formats.WRITERS))
def test_a_format_is_as_ever(name: str) -> None:
    """What is written is what was reviewed; `KATA_GOLDEN=1` writes it anew."""
    file, writer = formats.WRITERS[name]
    text = writer(result())
    golden = GOLDEN / file
    if os.environ.get("KATA_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("told", [result(), hostile(), result(status="error", message="Grader error: x", grader_error="x"),
                                  failed("Ada", Policy(("1.1",)), "No app/", grader=False)], ids=["all", "hostile", "error", "not taken"])
def test_a_record_is_what_its_schema_says(told: dict[str, Any]) -> None:
    """results.json is valid."""
    jsonschema.Draft202012Validator(schema()).validate(json.loads(formats.results(told)))


@pytest.mark.parametrize("change", [{"status": "passed"}, {"points": -1}, {"seed": "7"}, {"unknown": 1}, {"status": "error", "message": None},
                                    {"tests": [exercise(1, "red") | {"points": 1}]}, {"tests": [exercise(1, "green") | {"state": "withheld"}]}])
def test_the_schema_refuses_what_is_none(change: dict[str, Any]) -> None:
    """A schema that takes everything proves nothing."""
    jsonschema.Draft202012Validator.check_schema(schema())
    assert not jsonschema.Draft202012Validator(schema()).is_valid(result() | change)


@pytest.mark.parametrize("told", [result(), hostile()], ids=["all", "hostile"])
def test_junit_is_read_by_a_parser(told: dict[str, Any]) -> None:
    """Cases, failures, errors and points come out as they went in."""
    suites = junitparser.JUnitXml.fromstring(formats.junit(told).encode())
    cases = [case for suite in suites for case in suite]

    assert [test["name"] for test in told["tests"]] == [case.name for case in cases]
    kinds = {"pass": (), "fail": (junitparser.Failure,), "error": (junitparser.Error,)}
    assert [kinds[test["status"]] for test in told["tests"]] == [tuple(map(type, case.result)) for case in cases]
    count = [test["status"] for test in told["tests"]]
    assert (len(count), count.count("fail"), count.count("error")) == (suites.tests, suites.failures, suites.errors)
    points = [{p.name: p.value for p in case.child(junitparser.Properties)}["points"] for case in cases]
    assert [str(test["points"]) for test in told["tests"]] == points


@pytest.mark.parametrize("told", [result(), hostile()], ids=["all", "hostile"])
def test_ctrf_keeps_to_its_specification(told: dict[str, Any]) -> None:
    """Its fields and no others, whole milliseconds, counts that add up; points under extra."""
    report = json.loads(formats.ctrf(told))
    assert {"reportFormat": "CTRF", "specVersion": "1.0.0"}.items() <= report.items()
    assert report.keys() <= {"reportFormat", "specVersion", "reportId", "timestamp", "generatedBy", "extra", "results"}
    results, summary = report["results"], report["results"]["summary"]
    assert results.keys() == {"tool", "summary", "tests"}
    statuses = ("passed", "failed", "skipped", "pending", "other")
    assert summary.keys() == {"tests", *statuses, "start", "stop", "extra"}
    assert len(results["tests"]) == summary["tests"] == sum(summary[status] for status in statuses)
    for test, original in zip(results["tests"], told["tests"], strict=True):
        assert {"name", "status", "duration"} <= test.keys() <= {"name", "status", "duration", "message", "rawStatus", "suite", "filePath", "extra"}
        assert test["status"] in statuses
        assert isinstance(test["duration"], int)
        assert original["points"] == test["extra"]["points"]


def test_classroom_adds_up_as_its_reporter_does() -> None:
    """The reporter adds the scores, and weighs all tests that it is given: those without points aren't."""
    text = formats.classroom(result())
    told = json.loads(base64.b64decode(text))

    assert re.fullmatch(r"[A-Za-z0-9+/=]+\n", text)
    assert (3, "fail", 6) == (told["version"], told["status"], told["max_score"])
    assert 1 == sum(test["score"] for test in told["tests"])
    assert [f"1.{n} The exercise {n}" for n in range(1, 7)] == [test["name"] for test in told["tests"]]
    assert {"pass", "fail", "error"} == {test["status"] for test in told["tests"]}
    assert {"name", "status", "score", "message", "test_code", "filename", "line_no", "duration", "task_id"} == told["tests"][0].keys()


def test_gradescope_has_no_score_for_a_grader_error() -> None:
    """A zero would be a grade; without any score Gradescope says that the autograder failed."""
    told = json.loads(formats.gradescope(result()))
    assert (1, 6) == (told["score"], sum(test["max_score"] for test in told["tests"]))
    assert {test["status"] for test in told["tests"]} == {"passed", "failed"}

    told = json.loads(formats.gradescope(result(grader_error="x", status="error", message="Grader error: x")))
    assert "score" not in told
    assert not any("score" in test or "max_score" in test for test in told["tests"])


def test_a_class_is_a_table_without_formulas() -> None:
    """A row for each submission; no cell begins what a spreadsheet would compute; a grader error has no points."""
    rows = list(csv.DictReader(io.StringIO(formats.table([result(), hostile(), result(grader_error="lost")]))))

    assert ["1", "1", ""] == [row["points"] for row in rows]
    assert ["fail", "fail", "grader error"] == [row["status"] for row in rows]
    assert "red" == rows[0]["1.2"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


@pytest.mark.parametrize("text", ["=1", "ada;=cmd|' /C calc'!A0", "ada\t=1", "ada\r=1", "ada\n=1", " =1", " \n-1", '"=1', 'ada;"=1"', "＝1",
                                  "a\";\n@1", "ada,=1", 'ada","=1', ";=1"])
@pytest.mark.parametrize("separator", list(",;\t"))
def test_a_cell_is_no_formula_wherever_a_spreadsheet_splits(text: str, separator: str) -> None:
    """Many split at semicolons, after the country's custom, some at tabs."""
    table = formats.table([result(submission={"name": text, "source": text, "digest": "", "remarks": ["fine", text], "reaches": []}, message=text)])
    rows = list(csv.reader(io.StringIO(table, newline=""), delimiter=separator))

    assert 2 == len(rows)
    assert len(rows[0]) == len(rows[1])
    for cell in rows[1]:
        assert not re.match(r"[\s'\"]*[=+\-@＝＋－＠]", cell) or cell.startswith("'")


def test_a_page_for_the_instructor() -> None:
    """Which exercises fail, at which test; what has to be looked at; and what has to be graded again."""
    page = formats.class_page([result(), result(), hostile(), result(grader_error="lost")])

    assert "| 1.2 Request and response models | 1 of 3 | test&#95;that&#95;is&#95;red (2) |" in page
    assert "## To be looked at" in page
    assert "app/x&#46;py" in page
    assert "Grader errors" in page


@pytest.mark.parametrize("name", sorted(formats.WRITERS))
def test_nothing_of_a_submission_steers_anything(name: str) -> None:
    """No escape codes, no characters that XML forbids, no order of reading reversed, no markup, no workflow command at the start of a line."""
    text = formats.WRITERS[name][1](hostile())
    if name == "classroom":
        text = json.loads(base64.b64decode(text))["tests"][0]["message"]
    assert not any(c in text for c in "\x1b\x00\x07\ufffe\u202e\u2069")
    if name == "summary":
        outside = re.sub(r"^(`{3,})text\n.*?^\1$", "", text, flags=re.S | re.M)
        assert not re.search(r"^::|<script|\]\(|@everyone", outside, re.M)
        assert "`````text" in text  # longer than any fence in it


def test_a_summary_has_a_limit() -> None:
    """GitHub refuses pages of more than a mebibyte."""
    tests = [exercise(number % 9, "red", "x" * 100_000) for number in range(300)]
    assert len(formats.summary(result(tests=tests)).encode()) < 1 << 20


def test_names_become_harmless_folders() -> None:
    """Whatever a submission is called, its folder is below the others' and its own, on a disk that knows no capitals too."""
    names = ["Ada Lovelace", "../../etc", "..", "", "a/b", "a-b", "\u202ex", "x", "X", "COM1", "x" * 500, "\udcff"]
    folders = formats.folders(names)
    assert len({folder.casefold() for folder in folders}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,59}-[0-9a-f]{6}", folder) for folder in folders)


def test_a_folder_stays_whoever_joins() -> None:
    """Its name says nothing of who else is in the class."""
    few, more = ["ben", "cleo"], ["anna", "ben", "bea", "cleo"]
    assert formats.folders(few) == [folder for name, folder in zip(more, formats.folders(more), strict=True) if name in few]


def test_nobody_takes_another_s_folder() -> None:
    """Six digits are soon found by whoever may choose a name: these two begin with the same."""
    one, other = formats.folders(["誇", "闬"])
    assert (one, other[:-1]) == ("submission-a0ee33", one)


def test_a_log_takes_no_commands() -> None:
    """Between the two lines GitHub's runner takes nothing for a command."""
    first, *inside, last = formats.fenced_for_a_log("::error::x").strip().split("\n")
    assert ["::error::x"] == inside
    assert first.removeprefix("::stop-commands::") == last.strip(":")
