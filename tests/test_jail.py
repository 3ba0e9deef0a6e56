"""The walls, one by one: what they let through and what they don't."""

import json
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from dojo import jail
from dojo.workspace import ROOT
from tests.walls import held

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there are no walls elsewhere")


@pytest.mark.parametrize("level", ["bubblewrap", "landlock"])
@pytest.mark.parametrize("keeps", [False, True])
def test_the_cache_is_written_without_a_submission_alone(level: str, keeps: bool, tmp_path: Path) -> None:
    """What outlives a submission decides about the next: whoever could write there would decide as well."""
    walls = held(level)
    scratch, submission = tmp_path / "scratch", tmp_path / "submission"
    for folder in (tmp_path.parent, tmp_path, scratch, submission):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
    # Not below /tmp: a root's judge has its servers' folders there.
    home = Path(tempfile.mkdtemp(prefix="serving-katas-cache-", dir=Path.home()))
    cache = jail.prepared_cache(home, level)
    (cache / "kept").write_text("was there")
    (cache / "kept").chmod(0o666)
    script = "import os; cache = os.environ['XDG_CACHE_HOME']; print(open(cache + '/kept').read()); open(cache + '/new', 'w').close()"

    command = jail.around_the_judge(walls, [sys.executable, "-c", script], scratch, submission, cache, keeps=keeps)
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)

        assert "was there\n" == done.stdout, done.stderr
        assert keeps is (done.returncode == 0) is (cache / "new").exists(), done.stderr
    finally:
        shutil.rmtree(home)


CONNECTS = """
import json, os, socket, sys
sys.path.insert(0, sys.argv[1])
from dojo import jail
port, told = int(sys.argv[2]), {}
jail._checked(jail._libc().prctl(38, 1, 0, 0, 0), "no new privileges")
jail._filter_system_calls(local=False)

def attempt(what, kind, protocol, connect):
    try:
        with socket.socket(socket.AF_INET, kind, protocol) as line:
            connect(line)
        told[what] = "through"
    except OSError as error:
        told[what] = error.strerror

def plain(line):
    line.connect(("127.0.0.1", port))
    line.sendall(b"x")
    line.sendmsg([b"y"])

attempt("by itself", socket.SOCK_STREAM, 0, plain)
attempt("named TCP", socket.SOCK_STREAM, socket.IPPROTO_TCP, plain)
attempt("multipath", socket.SOCK_STREAM, 262, plain)
attempt("sent with the first data", socket.SOCK_STREAM, 0, lambda line: line.sendto(b"x", 0x20000000, ("127.0.0.1", port)))
attempt("sent as a message", socket.SOCK_STREAM, 0, lambda line: line.sendmsg([b"x"], [], 0x20000000, ("127.0.0.1", port)))
attempt("datagrams", socket.SOCK_DGRAM, 0, plain)
print(json.dumps(told))
"""


def test_a_connection_is_made_in_the_way_alone_that_landlock_knows() -> None:
    """It judges by the port when TCP connects; Multipath TCP, and a connection that is made by sending, it doesn't see."""
    if not jail._seccomp_works():
        pytest.skip("this machine's system calls aren't known")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = str(listening.getsockname()[1])
        done = subprocess.run([sys.executable, "-c", CONNECTS, str(ROOT), port], capture_output=True, text=True, check=True)

    told = json.loads(done.stdout)
    assert {"by itself", "named TCP"} == {what for what, came in told.items() if came == "through"}, told
    assert {"Operation not permitted"} == {came for came in told.values() if came != "through"}, told
