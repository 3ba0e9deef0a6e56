"""A container that was started: where it listens, and how it ends."""

from pathlib import Path

import pytest

from dojo.container import Container
from dojo.subject import Red
from tests.engines import opened_engine, takes_engine


@takes_engine
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("host", "heard", "message"), [
    ("127.0.0.1", ("loopback", 8000), "listens on port 8000 of 127.0.0.1 only"), ("0.0.0.0", ("all", 8000), ""),
])
async def test_where_a_container_listens(build_context: Path, host: str, heard: tuple[str, int], message: str) -> None:
    """The loopback interface of a container is its own."""
    (build_context / "Dockerfile").write_text(
        f'FROM python:3.11-slim-bookworm\nCMD ["python", "-m", "http.server", "8000", "--bind", "{host}"]\n')

    with opened_engine() as one:
        running = await Container.start(one, (await one.build(build_context)).tag)
        if message:
            with pytest.raises(Red, match=message):
                await running.serving()
        else:
            await running.serving("/")
        assert heard in await running.listening()
        await running.remove()


@takes_engine
@pytest.mark.timeout(600)
async def test_a_container_that_ends_says_how(build_context: Path) -> None:
    """Its exit code and the last that it wrote."""
    (build_context / "Dockerfile").write_text('FROM python:3.11-slim-bookworm\nCMD ["python", "-c", "raise SystemExit(\'no model here\')"]\n')

    with opened_engine() as one:
        running = await Container.start(one, (await one.build(build_context)).tag)
        with pytest.raises(Red, match=r"exit code 1 (?s:.*)no model here"):
            await running.serving()
        await running.remove()


@takes_engine
@pytest.mark.timeout(600)
async def test_a_container_that_ignores_the_signal_is_killed(build_context: Path) -> None:
    """`sleep` as process 1 has no handler for SIGTERM: exit code 137."""
    with opened_engine() as one:
        running = await Container.start(one, (await one.build(build_context)).tag)
        assert 137 == await running.stop(grace=1)
