"""A real Prometheus reads what the solution, and an answer in quite another style, show at /metrics."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dojo.workspace import ANSWERS, ROOT, SOLUTIONS
from tests import prometheus_scrape

#: Installed where `.ci/run` could get it; elsewhere `nox -s prometheus` says how.
needs_prometheus = pytest.mark.skipif(shutil.which("prometheus") is None, reason="there is no program `prometheus`: see nox -s prometheus")


@needs_prometheus
@pytest.mark.parametrize("workspace", [SOLUTIONS, ANSWERS / "right/2_6_template"], ids=["solutions", "by hand"])
def test_prometheus_agrees_with_the_service(workspace: Path) -> None:
    """Its query API answers with the percentiles of /metrics.json, to the last digit."""
    said = prometheus_scrape.scrape(workspace)

    assert prometheus_scrape.PREDICTIONS == said["count"]


@needs_prometheus
def test_what_prometheus_cannot_read_is_said() -> None:
    """Of an answer that is wrong, its own complaint is shown."""
    with pytest.raises(prometheus_scrape.Failed, match="The error of the last scrape: invalid metric name"):
        prometheus_scrape.scrape(ANSWERS / "wrong/2_6_indented")


def test_without_prometheus_the_cure_is_named() -> None:
    """The session ends with 1 and says where to get it."""
    command = [sys.executable, "-m", "tests.prometheus_scrape"]
    done = subprocess.run(command, cwd=ROOT, env={"PATH": "/nowhere"}, capture_output=True, text=True, timeout=60)

    assert (1, "") == (done.returncode, done.stdout)
    assert "There is no program `prometheus` on the PATH" in done.stderr
    assert "apt-get download prometheus" in done.stderr
