"""A real Prometheus scrapes the service, and its query API has to answer what /metrics.json says.

``python -m tests.prometheus_scrape`` asks for `solutions/`, or for the workspaces that are named. It needs the program
``prometheus`` on the PATH. All that it starts listens on the loopback interface, and is ended before it returns.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from dojo.workspace import ROOT, SOLUTIONS, Workspace

MISSING = """There is no program `prometheus` on the PATH, so no real Prometheus can scrape /metrics.
Debian, Ubuntu, without installing anything (it would start as a service):
    apt-get download prometheus && dpkg-deb -x prometheus_*.deb prometheus && export PATH="$PWD/prometheus/usr/bin:$PATH"
elsewhere: the archive of its release, from prometheus.io"""

#: How long /predict takes, at least, and how many requests are sent to it: at once, so that they differ. In seconds.
INFERENCE_SECONDS, PREDICTIONS, FORECASTS = 0.05, 40, 7
#: Ends the wait for what never comes. Prometheus takes five seconds to begin. In seconds.
START_PATIENCE, SCRAPE_PATIENCE, STOP_PATIENCE = 30.0, 30.0, 5.0

CONFIG = """\
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: service
    static_configs: [{{targets: ["{service}"]}}]
"""


class Failed(Exception):
    """What was expected didn't come; the text says what came."""


def program() -> str:
    """Where ``prometheus`` is; raises `Failed` with the cure when it is nowhere."""
    found = shutil.which("prometheus")
    if found is None:
        raise Failed(MISSING)
    return found


@contextlib.contextmanager
def running(what: str, command: list[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process; ended at the end. A failure meanwhile is told with what it has printed."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    printed: list[bytes] = []
    assert process.stdout is not None
    reader = threading.Thread(target=printed.extend, args=(process.stdout,), daemon=True)
    reader.start()
    try:
        yield process
    except Failed as error:
        if process.poll() is None and what == "the service":  # it is well, and prints that it finds no database
            raise
        told = b"".join(printed[-8:]).decode(errors="replace")
        raise Failed(f"{error}\n{what} has printed:\n{told or 'nothing'}") from None
    finally:
        process.terminate()
        try:
            process.wait(STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(STOP_PATIENCE)
        process.stdout.close()


def fetch(address: str, patience: float = 5.0, **options: Any) -> tuple[int, str]:
    """Status and body of an answer, whatever the status is."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(address, **options), timeout=patience) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def wait(address: str, process: subprocess.Popen[bytes]) -> None:
    """Returns when GET ``address`` is answered with 200."""
    until = time.monotonic() + START_PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError):
            if fetch(address)[0] == 200:
                return
        time.sleep(0.05)
    ended = f"the process has ended with {process.returncode}" if process.poll() is not None else f"nor in {START_PATIENCE:g} s"
    raise Failed(f"{address} doesn't answer, {ended}.")


def free_port() -> int:
    """A port that nobody listens on, for who can't be given a socket."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextlib.contextmanager
def service(folder: Path) -> Iterator[str]:
    """The application in ``folder``, served; its address."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        # Port 9 of the loopback interface is answered by nobody: the forecast fails, and at once.
        settings = {"INFERENCE_SECONDS": str(INFERENCE_SECONDS), "WEATHER_URL": "http://127.0.0.1:9"}
        command = [sys.executable, "-m", "uvicorn", "app.main:app", "--fd", str(listening.fileno()), "--log-level", "critical"]
        with running("the service", command, cwd=folder, pass_fds=[listening.fileno()], env={**os.environ, **settings}) as process:
            wait(f"http://{address}/metrics.json", process)
            yield address


@contextlib.contextmanager
def prometheus(folder: Path, target: str) -> Iterator[str]:
    """A Prometheus that scrapes ``target`` and keeps what it sees in ``folder``; its address."""
    folder.mkdir()
    (folder / "prometheus.yml").write_text(CONFIG.format(service=target), encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    command = [program(), f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
               f"--web.listen-address={address}", "--log.level=warn"]
    with running("Prometheus", command, cwd=folder) as process:
        wait(f"http://{address}/-/ready", process)
        yield address


def load(address: str) -> None:
    """Sends the requests whose latencies are asked for afterwards."""
    body, kind = json.dumps({"feature_1": 0.5, "feature_2": -1.5}).encode(), {"content-type": "application/json"}
    with ThreadPoolExecutor(8) as pool:
        predict = [pool.submit(fetch, f"http://{address}/predict", data=body, headers=kind) for _ in range(PREDICTIONS)]
        weather = [pool.submit(fetch, f"http://{address}/weather/city-{number}") for number in range(FORECASTS)]
    statuses = [each.result()[0] for each in (*predict, *weather)]
    expected = [200] * PREDICTIONS + [502] * FORECASTS
    if statuses != expected:
        raise Failed(f"The service answered {sorted(set(statuses))}, expected 200 of /predict and 502 of /weather.")


def ask(address: str, query: str) -> dict[str, float]:
    """The series that match a query of Prometheus', each by its labels as text."""
    status, body = fetch(f"http://{address}/api/v1/query?{urllib.parse.urlencode({'query': query})}")
    answer = json.loads(body)
    if status != 200 or answer["status"] != "success":
        raise Failed(f"Prometheus answered the query {query} with {status}: {body[:300]}")
    ignored = ("__name__", "instance", "job")
    return {
        ",".join(f"{name}={value}" for name, value in sorted(series["metric"].items()) if name not in ignored): float(series["value"][1])
        for series in answer["data"]["result"]
    }


def expect(address: str, query: str, expected: dict[str, float]) -> None:
    """Waits until Prometheus answers a query as expected."""
    until, seen, complaint = time.monotonic() + SCRAPE_PATIENCE, {}, ""
    while time.monotonic() < until and (not complaint or "deadline" in complaint):  # a scrape that took too long is the machine's fault
        seen = ask(address, query)
        if seen == expected:
            return
        time.sleep(0.1)
        targets = json.loads(fetch(f"http://{address}/api/v1/targets")[1])["data"]["activeTargets"]
        complaint = "; ".join(each["lastError"] for each in targets if each.get("lastError"))
    raise Failed(f"{query}\nis {seen}\nexpected {expected}\nThe error of the last scrape: {complaint or 'none'}")


def scrape(workspace: Path) -> dict[str, Any]:
    """What /metrics.json says of /predict once Prometheus has said the same; raises `Failed` when it doesn't."""
    program()
    with tempfile.TemporaryDirectory(prefix="serving-katas-") as temporary:
        folder = Workspace.at(workspace).snapshot(Path(temporary) / "workspace")
        with service(folder) as target:
            load(target)
            shown = json.loads(fetch(f"http://{target}/metrics.json")[1])
            said: dict[str, Any] = shown["/predict"]
            if not (said["count"] == PREDICTIONS and INFERENCE_SECONDS <= said["p50"] <= said["p95"] <= said["p99"]):
                raise Failed(f"/metrics.json says of /predict {said}")
            with prometheus(Path(temporary) / "prometheus", target) as address:
                name = "http_request_duration_seconds"
                for quantile, p in (("0.95", "p95"), ("0.5", "p50"), ("0.99", "p99")):
                    expect(address, f'{name}{{quantile="{quantile}",route="/predict"}}', {f"quantile={quantile},route=/predict": said[p]})
                expect(address, f'{name}_count{{route=~"/predict|/weather/.*"}}', {"route=/predict": PREDICTIONS, "route=/weather/{city}": FORECASTS})
                expect(address, 'http_requests_total{route="/weather/{city}"}', {"method=GET,route=/weather/{city},status=502": FORECASTS})
                expect(address, 'http_requests_total{route=~"/metrics.*"}', {})
                expect(address, "http_requests_in_flight <= bool 1", {"": 1})
                expect(address, "up", {"": 1})
    return said


def main() -> int:
    """Returns 1 when Prometheus and the service don't agree."""
    for given in sys.argv[1:] or [str(SOLUTIONS.relative_to(ROOT))]:
        try:
            said = scrape(ROOT / given)
        except Failed as error:
            print(f"{given}: {error}", file=sys.stderr)
            return 1
        print(f'{given}: Prometheus and /metrics.json agree: http_request_duration_seconds{{quantile="0.95",route="/predict"}} {said["p95"]}')
    return 0


if __name__ == "__main__":
    sys.exit(main())
