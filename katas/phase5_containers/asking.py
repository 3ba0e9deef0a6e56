"""Asks a container, and tells what is in the way of an answer."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from dojo.container import Container
from dojo.kata import Inconclusive, Red

#: How long an answer may take, in seconds; only ends a hang.
PATIENCE = 60.0


async def asked(container: Container, client: httpx.AsyncClient, method: str, path: str, status: int = 200, **options: Any) -> httpx.Response:
    """The answer to a request, which has to have this status; raises `Red` with what the container wrote of it."""
    try:
        answer = await client.request(method, path, timeout=PATIENCE, **options)
    except httpx.TimeoutException:
        raise Inconclusive(f"{method} {path} got no answer from the container in {PATIENCE:g} s: the machine is too busy, or it hangs") from None
    except httpx.TransportError as error:
        raise Red(f"{method} {path} got no valid answer from the container: {error or type(error).__name__}\n{await wrote(container)}") from None
    if answer.status_code == status:
        return answer
    logs = await container.logs()
    if hole := re.search(r"NotImplementedError: ([A-Z]|\d+\.\d+): ", logs):
        raise Red(f"{method} {path} answered {answer.status_code}.\n"
                  f"This builds on {hole[1]}, which is still open. Start there: nox -s hint -- {hole[1]}")
    raise Red(f"{method} {path} answered {answer.status_code}, expected {status}. Its body was: {answer.text[:200]}\n{await wrote(container)}")


def command_of(health: Mapping[str, Any] | None) -> list[str]:
    """The command of a health check, as the settings of an image or a container have it; empty when there is none."""
    test = list((health or {}).get("Test") or [])
    if len(test) < 2:
        return []
    return ["/bin/sh", "-c", test[1]] if test[0] == "CMD-SHELL" else test[1:]


async def checked(container: Container, check: Sequence[str]) -> int:
    """The status with which a check ends in a container; 124 when it doesn't end."""
    ended = ("import subprocess, sys\ntry: sys.exit(subprocess.run(sys.argv[1:], timeout=20).returncode)\n"
             "except subprocess.TimeoutExpired: sys.exit(124)")
    return (await container.engine.run("exec", container.name, "python", "-c", ended, *check)).status


async def wrote(container: Container, lines: int = 6) -> str:
    """The end of what the container wrote."""
    said = (await container.logs()).strip().splitlines()[-lines:]
    return "The last that the container wrote:\n" + "\n".join(f"    {line[:72]}" for line in said)
