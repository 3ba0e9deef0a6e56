"""The stand-in for Locust that 3.6 is judged with: each is itself, however soon it comes after the one before."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from dojo.workspace import ROOT

KATAS = ROOT / "katas" / "phase3_load_testing"


def driver() -> ModuleType:
    """The module that lays the stand-in down, in the host."""
    spec = importlib.util.spec_from_file_location("_compare_driver", KATAS / "_compare_driver.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_two_of_one_second_are_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python takes what it has compiled for a source of the same size and the same second, unless it is told not to write it."""
    monkeypatch.chdir(tmp_path)
    Path("locustfile.py").touch()  # without it, it says what Locust says then
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    for name in ("PATH", "PYTHONPATH", "MPLCONFIGDIR"):  # which the driver sets, for its own process alone
        monkeypatch.setenv(name, os.environ.get(name, ""))
    lay, source = driver().stand_in, (KATAS / "_fake_locust.py").read_text(encoding="utf-8")
    main = Path("locust/__main__.py")

    said = []
    for number in (1, 2):
        plan = tmp_path / f"plan-{number}.json"
        plan.write_text(json.dumps({"User": {"error": f"said by {number}"}}), encoding="utf-8")
        lay({"source": source, "plan": str(plan), "log": str(tmp_path / "log")})
        os.utime(main, (1e9, 1e9))
        said.append(subprocess.run([sys.executable, "-m", "locust", "User"], capture_output=True, text=True, timeout=60).stderr.strip())

    assert said == ["said by 1", "said by 2"]
