"""A router with a small route of its own, and two by which it tells the judge what was observed.

The kata lays this over each of app/routers/, so whichever of them the application takes in, the judge is told.
"""

from typing import Any

import httpx
from fastapi import APIRouter, FastAPI, HTTPException, Request

from app import main
from app.middleware import around
from app.recorder import Recorder

router = APIRouter()
NAME = __name__.rpartition(".")[2]


@router.get(f"/judge/{NAME}/{{name}}")
async def small(name: int, request: Request) -> dict[str, int]:
    """How many requests are in flight, seen from within one."""
    if name == 418:
        raise HTTPException(418)
    if name == 500:
        raise RuntimeError("the judge made this request fail")
    return {"in_flight": request.app.state.recorder.in_flight}


@router.get("/judge/told", include_in_schema=False)
async def told(request: Request) -> dict[str, Any]:
    """What was observed, and what stood around the middleware at each request."""
    recorder = request.app.state.recorder
    return {"requests": [[*key, count] for key, count in recorder.requests.items()], "around": around}


@router.get("/judge/made", include_in_schema=False)
async def made() -> dict[str, Any]:
    """What the module's application is, and what it and two more of them observe while it isn't asked, one is twice, and the other three times."""
    one, other = main.create_app(), main.create_app()
    kinds = [type(each).__name__ if not isinstance(each, FastAPI) else "FastAPI" for each in (main.app, one)]
    if kinds != ["FastAPI", "FastAPI"]:
        return {"kinds": kinds}
    states = [getattr(each.state, "recorder", None) for each in (main.app, one, other)]
    if not all(isinstance(each, Recorder) for each in states):
        return {"kinds": kinds, "recorders": [type(each).__name__ for each in states]}
    path = f"/judge/{NAME}/{{name}}"
    before = [_observed(each, path) for each in states]
    for asked, times in ((one, 2), (other, 3)):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(asked), base_url="http://127.0.0.1") as client:
            for _ in range(times):
                await client.get(path.format(name=1))
    observed = [_observed(each, path) - earlier for each, earlier in zip(states, before, strict=True)]
    return {"kinds": kinds, "recorders": [], "shared": len({*map(id, states)}) < 3, "observed": observed}


def _observed(recorder: Recorder, path: str) -> int:
    """How many requests to a route were observed."""
    return sum(count for (_, route, _), count in recorder.requests.items() if route == path)
