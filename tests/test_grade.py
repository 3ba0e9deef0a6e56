"""Grading: what is taken, behind which walls it is judged, and that nothing but what was seen to pass is worth anything."""

import contextlib
import errno
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

import psutil
import pytest

from dojo import grade, jail, submission, warden
from dojo.catalog import exercises
from dojo.cli import parser
from dojo.grade import Class, Policy, assess, failed
from dojo.results import write_text
from dojo.screen import reaches
from dojo.submission import NotReached, NotTaken, Submission, printable, take, unfit
from dojo.workspace import ANSWERS, SOLUTIONS
from tests.attacks.corpus import base
from tests.test_stubs import stubs  # noqa: F401  # the fixture

linux = pytest.mark.skipif(sys.platform != "linux", reason="there are no walls elsewhere")
FEW = ("1.1", "1.3")


def run(folder: Path, sources: list[tuple[str, str]], policy: Policy, jobs: int = 2) -> tuple[list[dict[str, Any]], Class]:
    """The results of a class run."""
    it = Class(folder, policy)
    with ThreadPoolExecutor(jobs) as pool:
        return it.grade(sources, pool, lambda result: None), it


def without_times(told: dict[str, Any]) -> dict[str, Any]:
    """A result but for what no two runs have in common."""
    tests = [{**test, "seconds": 0} for test in told["tests"]]
    return {**told, "seconds": 0, "peak_memory": 0, "tests": tests}


# -- taking


def packed(kind: str, folder: Path, files: dict[str, bytes]) -> str:
    """An archive of ``files``."""
    place = folder / f"it.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(place, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(place, "w:" + kind.partition(".")[2]) as archive:
            for name, content in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return str(place)


FILES = {"app/main.py": b"app = 1\n", "app/routers/x.py": b"x = 1\n", "locustfile.py": b"users = 1\n"}


@pytest.mark.parametrize("top", ["", "repository-main/"])
@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_an_archive_is_taken(kind: str, top: str, tmp_path: Path) -> None:
    """Whatever packed it, and whether or not a folder stands around all."""
    others = {"README.md": b"", "katas/test.py": b"", "dojo/x.py": b"", "app/.env": b"", "app/__pycache__/x.pyc": b""}
    source = packed(kind, tmp_path, {f"{top}{name}": content for name, content in (FILES | others).items()})

    assert FILES == take(source).files


@pytest.mark.parametrize("top", ["", "inner"])
def test_a_folder_is_taken(top: str, tmp_path: Path) -> None:
    """All that a learner edits, and nothing beside it."""
    for name, content in (FILES | {"README.md": b"", "app/.env": b""}).items():
        (tmp_path / top / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / top / name).write_bytes(content)

    assert FILES == take(str(tmp_path)).files


@pytest.mark.parametrize("inside", ["it", "download/it"])
def test_a_folder_is_taken_wherever_it_lies_in_what_was_unpacked(inside: str, tmp_path: Path) -> None:
    """As in an archive: whatever else lies beside it, such as what macOS packs with the files."""
    files = {f"{inside}/{name}": content for name, content in FILES.items()}
    for name, content in {**files, f"__MACOSX/{inside}/app/._main.py": b"", "notes/x": b""}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)

    assert FILES == take(str(tmp_path)).files


def test_an_archive_with_the_paths_of_windows_is_taken(tmp_path: Path) -> None:
    """PowerShell writes them with backslashes; a name with one, made elsewhere, stays no name."""
    for system, taken in ((0, FILES), (3, None)):
        with zipfile.ZipFile(tmp_path / "it.zip", "w") as archive:
            for name, content in FILES.items():
                entry = zipfile.ZipInfo(name.replace("/", "\\"))
                entry.create_system = system
                archive.writestr(entry, content)
        if taken is not None:
            assert taken == take(str(tmp_path / "it.zip")).files
        else:
            with pytest.raises(NotTaken, match="holds no app/"):
                take(str(tmp_path / "it.zip"))


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_whole_clone_is_taken(kind: str, tmp_path: Path) -> None:
    """With all that nox has installed beside the few files that count."""
    others = {f"clone/.nox/katas/lib/{number}/x.so": b"" for number in range(21_000)}
    large = {f"clone/.nox/katas/lib/{number}.so": bytes(1 << 20) for number in range(70)}
    source = packed(kind, tmp_path, others | large | {f"clone/{name}": content for name, content in FILES.items()})

    submission = take(source)

    assert (FILES, []) == (submission.files, submission.remarks)


def test_lines_that_end_as_on_windows_are_no_change(tmp_path: Path) -> None:
    """git writes them so there; the given files are still those that are given."""
    base(tmp_path / "it")
    for file in (tmp_path / "it").rglob("*.py"):
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))

    assert [] == take(str(tmp_path / "it")).remarks


def damaged(kind: str, folder: Path) -> str:
    """An archive that says what it is and isn't."""
    kind, _, how = kind.partition(" ")
    files = {"app/main.py": bytes(range(256)) * 64, "app/x.py": os.urandom(20_000)}
    if kind == "zip":
        methods = {"deflated": zipfile.ZIP_DEFLATED, "bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA, "stored": zipfile.ZIP_STORED}
        with zipfile.ZipFile(folder / "it.zip", "w", methods.get(how, zipfile.ZIP_DEFLATED)) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    else:
        packed(kind, folder, files)
    file = folder / f"it.{kind}"
    content = bytearray(file.read_bytes())
    if how == "without a name":
        at = content.rindex(b"PK\1\2")
        content[at + 28:at + 30] = b"\0\0"
    elif how == "cut off":
        del content[len(content) // 2:]
    else:
        for number in range(60, min(len(content), 4000), 7):
            content[number] ^= 0x55
    file.write_bytes(content)
    return str(file)


DAMAGED = ["zip deflated", "zip bzip2", "zip lzma", "zip stored", "zip without a name", "tar", "tar.gz", "tar.bz2", "tar.xz", "tar.xz cut off",
           "tar.gz cut off"]


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_archive_is_not_taken(kind: str, tmp_path: Path) -> None:
    """Whatever the library that reads it calls the damage."""
    with pytest.raises(NotTaken, match=r"It can't be read|holds no app/"):
        take(damaged(kind, tmp_path))


def test_what_is_there_often_is_not_read_often(tmp_path: Path) -> None:
    """An archive can name the same four megabytes as often as it likes."""
    with zipfile.ZipFile(tmp_path / "it.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for _ in range(40):
            with pytest.warns(UserWarning, match="Duplicate") if archive.namelist() else contextlib.nullcontext():
                archive.writestr("app/x.py", bytes(4 << 20))

    with pytest.raises(NotTaken, match="more than 32 MB"):
        take(str(tmp_path / "it.zip"))


def test_a_name_of_many_megabytes_is_not_read(tmp_path: Path) -> None:
    """A tar's reader would keep it whole."""
    entry = tarfile.TarInfo("app/main.py")
    entry.type, entry.size = tarfile.XHDTYPE, 2 << 20
    (tmp_path / "it.tar").write_bytes(entry.tobuf() + bytes(3 << 20))

    with pytest.raises(NotTaken, match="a name of more than 1 MB"):
        take(str(tmp_path / "it.tar"))


@pytest.mark.parametrize("bare", [False, True], ids=["clone", "bare"])
def test_a_commit_is_taken(bare: bool, tmp_path: Path) -> None:
    """From a URL or a bare repository, at any revision; nothing is checked out."""
    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *arguments]
        return subprocess.run(command, cwd=tmp_path / "it", check=True, capture_output=True, text=True).stdout.strip()

    base(tmp_path / "it")
    git("init", "-q")
    for text in ("first = 1\n", "second = 1\n"):
        (tmp_path / "it/app/main.py").write_text(text)
        git("add", "-A")
        git("commit", "-q", "-m", text)
    source = str(tmp_path / "it.git") if bare else f"file://{tmp_path / 'it'}"
    if bare:
        subprocess.run(["git", "clone", "-q", "--bare", str(tmp_path / "it"), source], check=True)

    assert b"second = 1\n" == take(source).files["app/main.py"]
    assert b"first = 1\n" == take(f"{source}#HEAD~1").files["app/main.py"]
    with pytest.raises(NotTaken, match="git can't read it"):
        take(f"{source}#nothing")


@pytest.mark.parametrize(("path", "why"), [
    ("app/x.py", ""), ("locustfile.py", ""), ("app/a/b/x.csv", ""), ("app/naïve.py", ""), (".dockerignore", ""),
    ("README.md", "no exercise edits"), ("/app/x.py", "no exercise edits"), ("app/../x.py", "no exercise edits"), ("app/x\ny.py", "can't be shown"),
    ("app/\x1b[2J.py", "can't be shown"), ("app/\u202ex.py", "can't be shown"), ("app/cafe\u0301.py", "in two ways"), ("app/x.so", "only sources"),
    ("app/x.PYC", "only sources"), ("app/.x.py", "none of the service's"), ("app/" + "a/" * 9 + "x.py", "too deep"), ("app/" + "x" * 150, "too long"),
])
def test_names_that_are_no_part_of_a_workspace(path: str, why: str) -> None:
    """What can't be shown, lies elsewhere, or isn't source is left out, and it is said why."""
    assert why in unfit(PurePosixPath(path))
    assert bool(why) == bool(unfit(PurePosixPath(path)))


def test_what_is_shown_steers_nothing() -> None:
    """Control characters, and those that reorder what is read, are shown by their numbers."""
    assert r"a\x1b[2Jb\x0ac\x202ed é 漢" == printable("a\x1b[2Jb\nc\u202ed é 漢")


def test_given_files_are_given(tmp_path: Path) -> None:
    """A submission's own version of what no exercise edits is not judged, and that is said."""
    base(tmp_path / "it")
    (tmp_path / "it/app/model.py").write_text("def predict(*a):\n    return 0.5\n")
    (tmp_path / "it/app/mine.py").write_text("mine = 1\n")
    (tmp_path / "it/app/main.py").unlink()

    submission = take(str(tmp_path / "it"))
    submission.write(tmp_path / "tree")

    assert (SOLUTIONS / "app/model.py").read_bytes() == (tmp_path / "tree/app/model.py").read_bytes()
    assert "mine = 1\n" == (tmp_path / "tree/app/mine.py").read_text()
    assert not (tmp_path / "tree/app/main.py").exists()
    assert any("app/model.py is given and was changed" in remark for remark in submission.remarks)


def test_the_digest_is_of_names_and_contents() -> None:
    """Nothing can be moved from one file to another without changing it."""
    digests = {Submission("x", files).digest for files in ({"a": b"bc"}, {"ab": b"c"}, {"a": b"b", "c": b""}, {"a": b"bc", "d": b""})}
    assert 4 == len(digests)


# -- failing closed


WALLS = jail.Jail("limits")


def result(record: Any, **told: Any) -> dict[str, Any]:
    """What grading makes of a record."""
    whole = {"status": 0, "timed_out": False, "said": "", "remarks": [], "record": record if isinstance(record, str) else json.dumps(record)}
    return grade._result(Submission("Ada"), Policy(FEW, 1), WALLS, whole | told, 1.0)


def told(state: str, identity: str = "1.1", **more: Any) -> dict[str, Any]:
    """One exercise of a record."""
    return {**grade._unjudged(exercises()[1], ""), "id": identity, "state": state, "status": "pass", "points": 5, "max_points": 9, **more}


@pytest.mark.parametrize("record", ["", "{", "[]", json.dumps({"tests": []}), json.dumps({"complete": False, "tests": []})])
def test_a_record_that_is_none_is_a_grader_error(record: str) -> None:
    """The judge ended too early: nobody knows what the submission is worth, so there is no zero."""
    try:
        judged = result(record)
    except AttributeError:
        pytest.fail("a record of another shape ended the grader")

    assert judged["grader_error"]
    assert (0, 2, "error") == (judged["points"], judged["max_points"], judged["status"])


def test_the_catalog_says_what_there_is_and_what_it_is_worth() -> None:
    """Exercises that weren't asked for, points and totals in a record count for nothing."""
    judged = result({"complete": True, "points": 99, "max_points": 99, "tests": [told("green"), told("green", "9.9")]})

    assert ["1.1", "1.3"] == [test["id"] for test in judged["tests"]]
    assert ["green", "missing"] == [test["state"] for test in judged["tests"]]
    assert (1, 2) == (judged["points"], judged["max_points"])


@pytest.mark.parametrize("state", ["red", "part", "unclear", "broken", "missing", "made up"])
def test_only_green_passes(state: str) -> None:
    """Whatever status a record claims."""
    judged = result({"complete": True, "tests": [told(state)]})
    assert 0 == judged["points"]
    assert "pass" != judged["tests"][0]["status"]
    assert (state == "broken") == bool(judged["grader_error"])


def test_an_instructor_may_credit_what_is_inconclusive() -> None:
    """It is told in any case."""
    whole = {"status": 0, "timed_out": False, "said": "", "remarks": [], "record": json.dumps({"complete": True, "tests": [told("unclear")]})}
    credited = grade._result(Submission("Ada"), Policy(("1.1",), 1, credit_inconclusive=True), WALLS, whole, 1.0)
    assert (1, "unclear", "error") == (credited["points"], credited["tests"][0]["state"], credited["tests"][0]["status"])


def test_the_time_limit_is_the_submissions_own_affair() -> None:
    """What was judged before it counts; the rest is worth nothing, and it is said why."""
    judged = result({"complete": False, "tests": [told("green")]}, timed_out=True)
    assert not judged["grader_error"]
    assert (1, "missing") == (judged["points"], judged["tests"][1]["state"])
    assert "time limit" in judged["tests"][1]["message"]


def test_trouble_is_tried_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A grader error is retried once, and then told; what is fine isn't judged twice."""
    calls: list[int] = []

    def watched(task: dict[str, Any]) -> dict[str, Any]:
        calls.append(1)
        record = {"complete": True, "tests": [told("green"), told("green", "1.3")]}
        fine = {"status": 0, "timed_out": False, "said": "", "remarks": [], "record": json.dumps(record)}
        return {"lost": "it was killed"} if len(calls) in fail else fine

    monkeypatch.setattr(grade, "_watched", watched)
    outcomes = []
    fail: tuple[int, ...]
    for attempts in ((), (1,), (1, 2)):
        fail = attempts
        calls.clear()
        judged = assess(grade.Parcel("Ada", {"app/x.py": b""}, (), Policy(FEW, 1)))
        outcomes.append((len(calls), judged["attempts"], bool(judged["grader_error"]), judged["points"]))

    assert [(1, 1, False, 2), (2, 2, False, 2), (2, 2, True, 0)] == outcomes


def test_other_katas_are_not_graded_with() -> None:
    """A worker elsewhere that has another version of the katas says so instead of grading."""
    judged = assess(grade.Parcel("Ada", {"app/x.py": b""}, (), Policy(FEW, 1), katas="0" * 16))
    assert "The katas here are others" in judged["grader_error"]


def test_what_can_not_be_taken_is_told_in_the_same_shape() -> None:
    """Nobody is left out of a class, and it's no grader error."""
    judged = failed("Ada", Policy(FEW), "It holds no app/.", grader=False)
    assert ("It holds no app/.", None, 2) == (judged["message"], judged["grader_error"], judged["max_points"])


# -- behind walls


@linux
@pytest.mark.timeout(600)
@pytest.mark.parametrize("level", jail.LEVELS)
def test_an_honest_submission_gets_everything_and_the_stubs_nothing(level: str, tmp_path: Path, stubs: Path) -> None:  # noqa: F811
    """Behind walls of every level."""
    try:
        jail.named(level)
    except ValueError as error:
        pytest.skip(str(error))
    (complete, nothing), _ = run(tmp_path, [("complete", str(SOLUTIONS)), ("stubs", str(stubs))], Policy(FEW, 3, level))

    assert (2, 2, level, None) == (complete["points"], complete["max_points"], complete["jail"]["level"], complete["grader_error"]), complete
    assert (0, ["red", "red"], None) == (nothing["points"], [test["state"] for test in nothing["tests"]], nothing["grader_error"]), nothing


def graded(tmp_path: Path, sources: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch) -> tuple[list[dict[str, Any]], Class]:
    """What a class comes to, of which each that can be taken is green."""
    record = {"complete": True, "tests": [told("green"), told("green", "1.3")]}
    fine = {"status": 0, "timed_out": False, "said": "", "remarks": [], "record": json.dumps(record)}
    monkeypatch.setattr(grade, "_watched", lambda task: fine)
    return run(tmp_path, sources, Policy(FEW, 1, "limits"), jobs=1)


def test_one_that_can_not_be_taken_leaves_out_none_of_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where the grader itself makes a mistake in taking it, which is told as one."""
    honest = str(SOLUTIONS)

    def taken(source: str, name: str = "") -> Submission:
        if name == "odd":
            raise AttributeError("a mistake")
        return take(source, name)

    monkeypatch.setattr(grade, "take", taken)
    results, _ = graded(tmp_path / "out", [("damaged", damaged("tar.xz", tmp_path)), ("odd", honest), ("honest", honest)], monkeypatch)

    assert [0, 0, 2] == [told["points"] for told in results]
    assert [False, True, False] == [bool(told["grader_error"]) for told in results]


@pytest.mark.parametrize("times", [1, 2])
def test_what_the_machine_can_not_read_is_no_zero(times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that the grader may not enter, or a disk that is full: tried once more, and then a grader error."""
    failures = iter([OSError(errno.EACCES, "Permission denied"), OSError(errno.ENOSPC, "No space left on device")][:times])
    reading = submission._from_folder

    def read(*arguments: Any) -> None:
        if (error := next(failures, None)) is not None:
            raise error
        reading(*arguments)

    monkeypatch.setattr(submission, "_from_folder", read)
    (told,), _ = graded(tmp_path / "out", [("it", str(SOLUTIONS))], monkeypatch)

    assert (times == 2) == bool(told["grader_error"])
    assert (0 if times == 2 else 2) == told["points"]


def test_a_repository_elsewhere_that_can_not_be_reached_is_no_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever pushed to it has no part in that; what lies here and is no repository is its own fault."""
    with pytest.raises(NotReached, match=r"git can't read it: .*127\.0\.0\.1"):
        take("http://127.0.0.1:1/it.git")
    with pytest.raises(NotTaken, match=r"git can't read it: .*nothing"):
        take("file:///nothing.git")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotReached, match="There is no program git here"):
        take("file:///nothing.git")


def test_what_can_not_be_kept_is_told_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full in the middle of a class costs the next run time, and none of this one's results."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "cache").write_text("")  # in the place of the folder

    results, it = graded(tmp_path / "out", [("one", str(SOLUTIONS)), ("two", str(SOLUTIONS))], monkeypatch)

    assert [2, 2] == [told["points"] for told in results]
    assert it.unkept


@pytest.mark.parametrize("content", ["", "[]", "null", "{}", '{"tests": []}', '{"version": 3, "tests": 1}'])
def test_a_damaged_result_is_judged_again(content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept may have been cut off."""
    _, it = graded(tmp_path, [("it", str(SOLUTIONS))], monkeypatch)
    next((tmp_path / "cache").glob("*.json")).write_text(content)

    (told,), it = graded(tmp_path, [("it", str(SOLUTIONS))], monkeypatch)

    assert (2, 1, 0) == (told["points"], it.judged, it.kept)


def test_a_file_that_can_not_be_written_keeps_what_it_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of an earlier run's results is lost to a disk that is full."""
    (tmp_path / "it").write_text("before")

    def full(self: Path, *arguments: Any, **options: Any) -> int:
        with open(self, "w") as file:
            file.write("ha")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        write_text(tmp_path / "it", "after")

    assert ("before", ["it"]) == ((tmp_path / "it").read_text(), os.listdir(tmp_path))


def options(*arguments: str) -> Any:
    """The options of a command line."""
    return parser().parse_args(["grade", *arguments])


def test_nobody_is_taken_for_another(tmp_path: Path) -> None:
    """Not one who is called as another's second would be; and the folder of results is nobody."""
    names = [name for name, _ in grade._sources(options("x/ada", "y/ada", "z/ada (2)", "v/ada"))]
    assert len(set(names)) == 4, names

    (tmp_path / "ada").mkdir()
    (tmp_path / "grades").mkdir()
    assert [("ada", str(tmp_path / "ada"))] == grade._sources(options("--class", str(tmp_path), "--out", str(tmp_path / "grades")))


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "1e300", "x", ""])
def test_a_time_limit_that_is_none_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It would give everybody a zero, or no limit to anybody."""
    with pytest.raises(SystemExit):
        options("it", f"--patience={text}")
    assert "a time limit is a number of seconds above 0" in capsys.readouterr().err


def test_a_folder_of_results_has_one_seed(tmp_path: Path) -> None:
    """It is drawn once, whoever begins first; one that is damaged is told, as another would judge the whole class anew."""
    note = tmp_path / "seed"
    with ThreadPoolExecutor(8) as pool:
        assert 1 == len(set(pool.map(lambda _: grade._seed(note, None), range(32))))
    assert [5, 5] == [grade._seed(note, 5), grade._seed(note, None)]
    note.write_text("")
    with pytest.raises(ValueError, match="holds no seed: give the one that these results have with --seed"):
        grade._seed(note, None)
    assert ["seed"] == os.listdir(tmp_path)


@linux
@pytest.mark.timeout(600)
@pytest.mark.parametrize("level", jail.LEVELS[:2])
def test_processes_that_a_kata_starts_beside_a_host_work_behind_walls(level: str, tmp_path: Path) -> None:
    """They stand behind the same ones: 4.4 gave one a name by a file in /proc, which nobody may write to there."""
    try:
        jail.named(level)
    except ValueError as error:
        pytest.skip(str(error))
    (told,), _ = run(tmp_path, [("complete", str(SOLUTIONS))], Policy(("4.4",), 3, level))
    assert 1 == told["points"], told


@linux
@pytest.mark.timeout(600)
def test_a_seed_gives_the_same_result_again(tmp_path: Path) -> None:
    """The same submission, seed and katas: the same result but for its times."""
    sources = [("it", str(SOLUTIONS))]
    (one,), _ = run(tmp_path / "one", sources, Policy(FEW, 3))
    (other,), _ = run(tmp_path / "other", sources, Policy(FEW, 3))
    assert without_times(one) == without_times(other)


@linux
@pytest.mark.timeout(900)
def test_a_run_that_was_ended_goes_on_and_a_killed_worker_loses_nothing(tmp_path: Path) -> None:
    """Every submission is graded, none twice; another run judges only what is new."""
    for number in range(4):
        base(tmp_path / f"class/{number}")
        (tmp_path / f"class/{number}/app/mine.py").write_text(f"number = {number}\n")
    sources = [(str(number), str(tmp_path / f"class/{number}")) for number in range(4)]
    policy = Policy(("1.1",), 3)

    def kill_one() -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for process in psutil.Process().children(recursive=True):
                try:
                    if warden.__file__ in process.cmdline():
                        os.kill(process.pid, signal.SIGKILL)
                        return
                except psutil.Error:
                    pass
            time.sleep(0.05)

    killer = threading.Thread(target=kill_one)
    killer.start()
    first, it = run(tmp_path / "out", sources[:3], policy)
    killer.join()

    assert [1, 1, 1] == [told["points"] for told in first], first
    assert (3, 0) == (it.judged, it.kept)
    assert 2 in {told["attempts"] for told in first}

    again, it = run(tmp_path / "out", sources, policy)
    assert (1, 3) == (it.judged, it.kept)
    assert ["0", "1", "2", "3"] == [told["submission"]["name"] for told in again]
    assert [without_times(told) for told in first] == [without_times(told) for told in again[:3]]


@linux
@pytest.mark.timeout(900)
def test_a_class_on_two_workers_of_dask(tmp_path: Path) -> None:
    """The same work given to a scheduler whose two workers are processes of their own."""
    distributed = pytest.importorskip("distributed")
    for number in range(3):
        base(tmp_path / f"class/{number}")
        (tmp_path / f"class/{number}/app/mine.py").write_text(f"number = {number}\n")
    sources = [(str(number), str(tmp_path / f"class/{number}")) for number in range(3)]

    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1") as cluster, \
            grade.executor_for(f"dask:{cluster.scheduler_address}", 1) as executor:
        it = Class(tmp_path / "out", Policy(("1.1",), 3))
        results = it.grade(sources, executor, lambda result: None)

    assert [1, 1, 1] == [told["points"] for told in results], results
    assert 3 == it.judged


@linux
@pytest.mark.timeout(300)
def test_the_command_says_which_walls_there_are(tmp_path: Path) -> None:
    """The level is printed and in every result, weaker walls than required are refused, and all formats are written."""
    command = [sys.executable, "-m", "dojo.cli", "grade", "solutions", "--exercise", "1.1", "--out", str(tmp_path / "out"), "--seed", "5"]

    done = subprocess.run([*command, "--jail", "limits", "--format", "junit", "--format", "classroom"], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    assert "Jail: limits (it was asked for)" in done.stdout
    assert "solutions: 1/1" in done.stdout
    assert {"results.json", "junit.xml", "classroom.txt"} <= {file.name for file in (tmp_path / "out").iterdir()}

    done = subprocess.run([*command, "--jail", "limits", "--require-jail", "landlock"], capture_output=True, text=True, check=False)
    assert 2 == done.returncode
    assert "weaker than landlock" in done.stderr


@linux
@pytest.mark.timeout(300)
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "killed"])
def test_a_grader_that_is_ended_leaves_nothing_running(end: signal.Signals, tmp_path: Path) -> None:
    """Neither judges nor hosts nor servers; what a killed one leaves on the disk the next one removes."""
    base(tmp_path / "class/it")
    command = [sys.executable, "-m", "dojo.cli", "grade", "--class", str(tmp_path / "class"), "--phase", "1.5", "--out", str(tmp_path / "out")]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    grader = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def started() -> list[psutil.Process]:
        found, commands = psutil.Process(grader.pid).children(recursive=True), ""
        for process in found:
            with contextlib.suppress(psutil.Error):
                commands += " ".join(process.cmdline())
        return found if "dojo.forkserver" in commands else []

    until = time.monotonic() + 100
    while not (family := started()) and time.monotonic() < until:
        time.sleep(0.1)
    assert family
    grader.send_signal(end)
    grader.wait(60)

    _, alive = psutil.wait_procs(family, 30)
    assert not alive
    grade_again = [sys.executable, "-m", "dojo.cli", "grade", str(tmp_path / "nothing"), "--out", str(tmp_path / "again")]
    subprocess.run(grade_again, env=environment, capture_output=True, check=False)
    assert not list(tmp_path.glob("serving-katas-grade-*"))


# -- what reaches


@pytest.mark.parametrize("answer", [SOLUTIONS, *sorted((ANSWERS / "right").iterdir())], ids=lambda path: path.name)
def test_right_answers_do_not_reach(answer: Path) -> None:
    """Nothing that a solution in any style does is held against it."""
    assert [] == reaches({str(file.relative_to(answer)): file.read_bytes() for file in answer.rglob("*.py")})


@pytest.mark.parametrize("code", [
    "import gc", "from ctypes import CDLL", "import sys\nsys._getframe()", "import sys\nsys.modules['x']", "import asyncio\nasyncio.sleep = None",
    "f.__globals__", "getattr(f, '__glo' + 'bals__')", "getattr(f, name())", "exec('x')", "import importlib\nimportlib.import_module(x)",
    "from inspect import stack", "open('/proc/self/mem')", "vars(sys)", "x = 'do' + 'jo.probe'", "import dojo.probe",
    "import time as t\nt.sleep = None",
    "globals()", "import asyncio\nsetattr(asyncio, 'sleep', 1)", "(c for c in ()).gi_frame.f_back",
    "import runpy\nrunpy.run_path('app/notes.txt')", "import importlib.util as u\nu.find_spec('x')",
    "from importlib.machinery import SourceFileLoader",
    "import sys\nsys.path.append('app/notes.zip')", "import pickle", "import operator\noperator.attrgetter(name())", "f.__getattribute__(x)",
    "import threading\nthreading._sys.modules", "import asyncio\nvars(asyncio)['sleep'] = None", "import asyncio\nasyncio.__dict__['sleep'] = None",
    "from asyncio import tasks\ntasks.sleep = None", "import asyncio\nfor asyncio.sleep in (1,): pass", "import asyncio\n(asyncio.sleep, x) = 1, 2",
    "import asyncio\nobject.__setattr__(asyncio, 'sleep', 1)", "from unittest import mock",
    "import socket\nsocket.socket(fileno=3)", "from unittest.mock import patch",
    "from os import sys", "from .settings import sys", "from timeit import gc", "import timeit\ntimeit.gc", "f'{\"\x01\"}'.sys",
    "__builtins__['__import__']('x')", "__loader__", "__spec__.loader",
    "n = ''.join(['__glo', 'bals__'])\ngetattr(f, n)", "if (n := f'{a}{b}'): getattr(f, n)", "n: str = a + b\ngetattr(f, n)",
    "n = a[::-1]\ngetattr(f, n)", "import asyncio\nb = asyncio\nb.sleep = None", "import sys\ns = sys\ns.modules",
    "import asyncio\n(b := asyncio).sleep\nb.sleep = None", "import timeit\ntimeit.timeit(open('app/notes.txt').read())",
    "from timeit import Timer\nTimer('x')", "import timeit\ntimeit.repeat(f, setup='x')", "import timeit as t\ncode = text()\nt.timeit(code)",
    "import profile", "import cProfile", "import pdb", "import trace", "open('/proc/1/cmdline')", "open(f'/proc/{pid}/environ')",
    "open('/tmp/cache/x')", "glob('/dev/shm/serving-katas-*')", "# coding: a_codec_of_mine\n",
])
def test_code_that_reaches_is_named(code: str) -> None:
    """Each way into the process around it, with its line."""
    assert reaches({"app/x.py": code.encode()}), code
    assert all(line.startswith("app/x.py:") for line in reaches({"app/x.py": code.encode()}))


@pytest.mark.parametrize("code", [
    "for n in ('a', 'b'): getattr(f, n)", "def g(n): return getattr(f, n, None)", "n = 'a'\ngetattr(f, n)",
    "from timeit import default_timer\ndefault_timer()", "import timeit\ntimeit.timeit(f, number=3)\ntimeit.repeat(lambda: f(x), number=n())",
    "import time\nt = time\nt.perf_counter()", "from app import trace", "import json\nb = json.loads(x)\nb.y = 1",
    "open(f'/proc/{pid}/smaps_rollup')", "open('/proc/self/status')", "__name__, __file__",
])
def test_what_only_looks_like_it_is_not_named(code: str) -> None:
    """Names from a loop or a caller, a clock, a function that is timed, another name for a module that is only used."""
    assert [] == reaches({"app/x.py": code.encode()})


@pytest.mark.parametrize("code", [
    "if x: pass\n" + "elif x: pass\n" * 5000, "x = " + "+".join(["'a'"] * 5000), "import time\ntime" + ".x" * 995 + " = 1",
])
def test_what_is_too_deep_to_be_looked_through_is_named(code: str) -> None:
    """It runs all the same, when a module that is imported before it has told Python to go deeper."""
    assert ["app/x.py:1: is nested too deeply to be looked through"] == reaches({"app/x.py": code.encode()})


def test_what_is_too_long_to_be_looked_through_is_named_and_is_not_parsed() -> None:
    """It is the grader's own process that would parse it, which would take it a thousand times its room: whatever it may have."""
    before = psutil.Process().memory_info().rss

    assert ["app/x.py:1: is too long to be looked through"] == reaches({"app/x.py": b"a;" * 250_000, "app/y.py": b"y = 1\n"})
    assert psutil.Process().memory_info().rss < before + (50 << 20)


def test_no_more_than_ten_times_the_solutions_is_looked_through() -> None:
    """Many files are as much work as a long one; those that are left are named."""
    found = reaches({f"app/x{number:02}.py": b"# a line\n" * 10_000 for number in range(13)})

    assert [f"app/x{number}.py:1: is one file too many to be looked through" for number in (11, 12)] == found


@pytest.mark.parametrize("code", [
    "x = '/proc/self/mem" + "x" * 50_000 + "'" + "+ 'a'" * 300 + "\n", "import asyncio\nasyncio." + "x" * 90_000 + " = 1",
])
def test_what_is_found_is_short(code: str) -> None:
    """However long the line in the submission is: a person reads it, and it goes into every table."""
    assert all(len(line) < 250 for line in reaches({"app/x.py": code.encode()}))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"def (", b"x = " + b"(" * 5000, b"\0", "x = 'é'".encode("latin-1")])
def test_what_can_not_be_parsed_is_passed_over(content: bytes) -> None:
    """It can't run either."""
    assert [] == reaches({"app/x.py": content})
