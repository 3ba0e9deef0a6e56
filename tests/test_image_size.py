"""``nox -s image`` says what each layer takes, and what of it is to pull."""

import re
import secrets
from pathlib import Path

import pytest

from dojo import image_size
from tests.engines import opened_engine, takes_engine


@takes_engine
@pytest.mark.timeout(600)
async def test_each_layer_has_its_line(build_context: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The base image, a layer of two megabytes, the whole; what is all zeros is nothing to pull."""
    dockerfile = build_context / "Dockerfile"
    dockerfile.write_text(f"{dockerfile.read_text()}USER 0\nRUN head -c 2000000 /dev/zero > /zeros\n")
    tag = f"serving-katas-test-{secrets.token_hex(4)}"

    await image_size._show(build_context, tag)

    shown = capsys.readouterr().out
    with opened_engine() as one:
        await one.must("image", "rm", tag)
    assert re.search(rf"^{tag}: built in [\d.]+ s, \d+ steps from the cache$", shown, re.M), shown
    assert re.search(r"^ +\d+ MB  python:3.11-slim-bookworm$", shown, re.M), shown
    assert re.search(r"^ +2 MB  RUN head -c 2000000 /dev/zero > /zeros$", shown, re.M), shown
    assert re.search(r"^ +\d+ MB  all of it, 2 MB of which the Dockerfile adds$", shown, re.M), shown
    assert re.search(r"^ +\d kB  of that to pull where the base image is there", shown, re.M), shown
    assert re.search(rf"^Run it: .*docker run --rm --publish 127.0.0.1:8000:8000 {tag}$", shown, re.M), shown
