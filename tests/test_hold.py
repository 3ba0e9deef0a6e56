"""What a hold makes of a machine that is too slow: nobody fails for that, and nobody passes."""

import asyncio

import pytest

from dojo import relay
from dojo.workspace import ANSWERS
from tests.judging import judge


def test_a_server_that_is_too_slow_fails_no_right_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client's own time limit, of five seconds here, may run out while a machine is too busy: that is inconclusive."""
    back = relay._Link._back

    async def late(link: relay._Link, server: asyncio.StreamReader) -> None:
        if link.number > 40:
            await asyncio.sleep(7)
        await back(link, server)

    monkeypatch.setattr(relay._Link, "_back", late)

    verdict = judge(ANSWERS / "right" / "E_repository", ["E"], tests=["test_requests_wait_together"])

    assert verdict.states == {"E": "unclear"}
    assert "the machine is too busy: 200 requests to" in verdict.messages["E"]
