"""F · Downloads wait on the loop; the model computes off it, in a pool of its own."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
import pytest_asyncio
from PIL import Image

from dojo.kata import (
    Answer,
    Burst,
    Call,
    Functions,
    Inconclusive,
    Meeting,
    Red,
    Request,
    Service,
    ServiceStarter,
    Upstream,
    alone,
    exercise,
    hold,
    new,
    overlay,
    plural,
    quoted,
    where,
)
from dojo.workspace import SOLUTIONS
from katas.phase1_5_sync_async.limits import SIGNS_OF_LIFE, in_time, must_not_begin_anew, too_late
from katas.phase1_5_sync_async.the_loop import all_but_the_first, must_stay_free, must_stay_free_for_a_second_try

pytestmark = exercise("F", edit="app/routers/image.py")

HERE = Path(__file__).parent
#: Twenty digits that the model has never seen.
PICTURES = [file.read_bytes() for file in sorted((HERE / "images").glob("*.png"))]
#: More than FastAPI's pool has threads, fewer than httpx opens connections.
TOGETHER = 64
TIMEOUT, SHORT = 0.4, 0.25
#: More than the model's pool has workers, several times over.
MANY = 16
#: More than httpx opens connections.
FAILING = 110
#: Only ends a hang: a process of a pool takes seconds to start on a busy machine. In seconds.
PATIENCE = 20.0

#: The given module as it is, and in its place one that calls it, but waits at a gate before each step.
AT_THE_GATE = {
    **overlay(HERE / "_digits_at_the_gate.py", "app/digits.py"),
    "app/given_digits.py": (SOLUTIONS / "app" / "digits.py").read_text(encoding="utf-8"),
}


class Images:
    """The image service's pictures by their ids; an id that it doesn't know is a 404."""

    def __init__(self) -> None:
        self.known: dict[str, bytes] = {}

    def add(self, picture: bytes) -> str:
        """The new id of ``picture``."""
        image_id = f"{len(self.known)}-{secrets.token_hex(3)}"  # random, and never one that there is already
        self.known[image_id] = picture
        return image_id

    def __call__(self, call: Call) -> Answer:
        """What the image service answers."""
        picture = self.known.get(unquote(call.details["target"].removeprefix("/images/")))
        return Answer(404, json={"error": "no such image"}) if picture is None else png(picture)


def png(body: bytes, status: int = 200) -> Answer:
    """An answer that says that it is a PNG file."""
    return Answer(status, body=body, headers={"content-type": "image/png"})


@dataclass
class Bench:
    """The service, the image service that it asks, its pictures, and the gate at which the model's steps wait, if they do."""

    api: Service
    up: Upstream
    images: Images
    gate: Meeting

    async def close(self) -> None:
        """Ends what this test's judge has started."""
        await self.up.stop()
        await self.gate.stop()


async def start(service: ServiceStarter, *, timeout: float = PATIENCE, at_the_gate: bool = False) -> Bench:
    """A service with an image service of its own."""
    images = Images()
    up, gate = await Upstream("the image service", images).start(), await Meeting().start()
    # Without the other routers, whose pools have threads and processes of their own.
    options = {"overlay": {**alone("image"), **(AT_THE_GATE if at_the_gate else {})}}
    try:
        api = await service(images_url=up.url, upstream_timeout_seconds=timeout, pool_processes=2, options=options, **gate.env)
    except BaseException:
        await up.stop()
        await gate.stop()
        raise
    return Bench(api, up, images, gate)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def shared(lasting_service: ServiceStarter) -> AsyncIterator[Bench]:
    """One for all tests that don't watch the event loop, as watching takes time."""
    bench = await start(lasting_service)
    yield bench
    await bench.close()


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def gated(lasting_service: ServiceStarter) -> AsyncIterator[Bench]:
    """One with the gate inside of the model, for all tests that look there; the model has been used, so a pool's first worker has started."""
    bench = await start(lasting_service, at_the_gate=True)
    try:
        await bench.api.expect(200, await ask(bench.api, bench.images.add(PICTURES[0])))
        yield bench
    finally:  # also when that one is answered with an error
        await bench.close()


async def ask(api: Service, image_id: str) -> httpx.Response:
    """The answer to POST /predict/image for one image."""
    return await api.post("/predict/image", json={"image_id": image_id}, patience=PATIENCE)


def requests(ids: list[str]) -> list[Request]:
    """A request for each id."""
    return [Request("POST", "/predict/image", {"json": {"image_id": image_id}}) for image_id in ids]


@pytest_asyncio.fixture
async def watched(service: ServiceStarter) -> AsyncIterator[Bench]:
    """One whose event loop is watched."""
    bench = await start(service)
    yield bench
    await bench.close()


@pytest_asyncio.fixture
async def hurried(service: ServiceStarter) -> AsyncIterator[Bench]:
    """One with a short time limit."""
    bench = await start(service, timeout=SHORT)
    yield bench
    await bench.close()


def unseen(count: int) -> list[bytes]:
    """Pictures that nobody has seen yet, each of one digit over another: what was computed for others doesn't help."""
    pictures = []
    for _ in range(count):
        one, other = (Image.open(BytesIO(secrets.choice(PICTURES))) for _ in range(2))
        picture = Image.blend(one, other, 0.2 + secrets.randbelow(60) / 100)
        picture.putpixel((0, 0), secrets.randbelow(64))
        picture.putpixel((7, 7), secrets.randbelow(64))
        file = BytesIO()
        picture.save(file, "PNG")
        pictures.append(file.getvalue())
    return pictures


async def recognized(reference: Functions, picture: bytes) -> tuple[int, float]:
    """What the given module makes of ``picture``."""
    pixels = await reference.call("app.digits:preprocess", new("builtins:bytes", source=picture.decode("latin-1"), encoding="latin-1"))
    label, confidence = await reference.call("app.digits:infer", pixels)
    return label, confidence


async def test_a_digit_is_recognized(shared: Bench, reference: Functions) -> None:
    """POST /predict/image answers 200 with label and confidence, as app.digits gives them for the image's file."""
    api, images = shared.api, shared.images

    for picture in [*(secrets.choice(PICTURES) for _ in range(5)), *unseen(5)]:
        label, confidence = await recognized(reference, picture)
        answer = await ask(api, images.add(picture))

        await api.expect(200, answer, why="The image service is at IMAGES_URL; app/digits.py is given.")
        assert {"label": label, "confidence": pytest.approx(confidence, abs=1e-4)} == answer.json(), (
            f"For an image that app.digits takes for a {label}, with a confidence of {confidence:.4f}, the answer was\n    {answer.text[:200]}"
        )
    await api.expect(422, await api.post("/predict/image", json={}), why="The body is {\"image_id\": \"…\"}.")


async def test_each_request_downloads_its_image(shared: Bench) -> None:
    """Every request downloads its image, so a picture that was replaced is recognized anew."""
    api, up, images = shared.api, shared.up, shared.images
    before = len(up.calls)
    image_id = images.add(PICTURES[0])
    first = [await ask(api, image_id) for _ in range(3)]
    images.known[image_id] = PICTURES[-1]

    second = await ask(api, image_id)

    await api.expect(200, second)
    calls = len(up.calls) - before
    assert calls >= 4, f"4 requests for the same image were sent, and the image service got {plural(calls, 'call')}."
    assert first[0].json()["label"] != second.json()["label"], (
        f"The picture behind an id was replaced by that of another digit, and the answer was still {second.text}."
    )


async def test_an_id_is_escaped(shared: Bench) -> None:
    """Whatever an id holds, it reaches the image service as one part of the path."""
    api, up, images = shared.api, shared.up, shared.images

    for image_id in ("a7", "my cat", "São Paulo", "2024/a7", "../a7", "a7?size=8", "a#b", "100%", "%2F", "a&b=c", " a7 "):
        up.answer = lambda call: png(PICTURES[0])  # whatever is asked for
        answer = await ask(api, image_id)
        up.answer = images

        await api.expect(200, answer, why=f"The id was {image_id!r}.")
        target = up.calls[-1].details["target"]
        part = target.removeprefix("/images/")
        assert target.startswith("/images/") and not set("/?") & set(part) and image_id == unquote(part), (  # noqa: PT018  # one statement
            f"For the id {image_id!r} the image service was asked for\n    GET {target}\n"
            "What a client sends must not change the path or the query that you send."
        )


async def test_downloads_wait_together(watched: Bench, reference: Functions) -> None:
    """64 requests wait for the image service at the same time, on the loop, and /health answers meanwhile."""
    api, up, images = watched.api, watched.up, watched.images
    await api.expect(200, await ask(api, images.add(PICTURES[0])))

    chosen = [PICTURES[number % len(PICTURES)] for number in range(TOGETHER - 1)]
    ids = [images.add(picture) for picture in chosen]
    chosen, ids = [*chosen, chosen[0]], [*ids, ids[0]]  # two want the same one
    seen = await hold(api, up, requests(ids), patience=PATIENCE)

    if not seen.together:
        alike = "\nTwo of them were for the same image. Each request downloads its image anew." if seen.waiting == TOGETHER - 1 else ""
        raise Red(f"{seen.why_not_together('download')}{alike}")
    assert seen.health, f"/health did not answer while {TOGETHER} downloads were held."
    assert seen.threads < TOGETHER // 2, (
        f"{TOGETHER} downloads waited together, and the service had {plural(seen.threads, 'thread')} for it. A download waits, "
        "so it belongs on the loop: httpx.AsyncClient."
    )
    for response in seen.wrong_answers:
        await api.expect(200, response)
    assert seen.answered, f"The image service has answered all {TOGETHER} downloads, and not all requests got their answer."
    labels = {picture: await recognized(reference, picture) for picture in PICTURES}
    for request, picture in zip(seen.requests, chosen, strict=True):
        label, _ = labels[picture]
        assert request.response is not None
        assert label == request.response.json()["label"], (
            f"{TOGETHER} requests were answered at once, and one whose image shows a {label} got {request.response.text}: the answer to "
            "another. What belongs to one request must not stand where the next one writes: not in a global, not in app.state."
        )


async def test_connections_are_reused(shared: Bench) -> None:
    """Thirty downloads, one after the other, share a few connections."""
    api, up, images = shared.api, shared.up, shared.images
    before = up.connections

    for number in range(30):
        await api.expect(200, await ask(api, images.add(PICTURES[number % len(PICTURES)])))

    opened = up.connections - before
    assert opened <= 10, (
        f"30 requests one after the other opened {opened} connections to the image service. A client that is made for each "
        "request connects anew each time: keep one for the whole service."
    )


def workers(calls: Iterable[Call]) -> set[tuple[int, int]]:
    """The process and the thread of each who computed."""
    return {(call.details["process"], call.details["thread"]) for call in calls}


async def runs_beside_the_loop(step: str, name: str, bench: Bench) -> None:
    """Two images are in ``step`` of app.digits at the same time, and the loop is free."""
    api, images, gate = bench.api, bench.images, bench.gate
    gate.name = name

    ids = [images.add(picture) for picture in unseen(6)]
    seen = await hold(api, gate, requests(ids), expected=2, only=lambda call: call.text == step, patience=PATIENCE)

    the_loop = seen.seen["process"], seen.seen["loop_thread"]
    if the_loop in workers(seen.in_flight) and not seen.blocks:
        raise Red(f"{len(ids)} images were sent together, and app.digits.{step} was called on the event loop's own thread: nothing else is "
                  "answered until it has computed.")
    if not seen.together:
        raise Red(f"{seen.why_not_together()}\n\nComputing belongs off the loop, on as many workers as there are CPUs: POOL_PROCESSES was 2.")
    assert seen.health, f"/health did not answer while {step} was held."
    for response in seen.wrong_answers:
        await api.expect(200, response)
    assert seen.answered, f"{step} was let go for all {len(ids)} images, and not all requests got their answer."


async def test_preprocessing_runs_beside_the_loop(gated: Bench) -> None:
    """Two images are preprocessed at the same time, off the loop, and /health answers meanwhile; what is no image is looked at there as well."""
    await runs_beside_the_loop("preprocess", "the model's preprocessing", gated)
    api, up, images = gated.api, gated.up, gated.images
    before = on_the_loop(gated.gate)
    up.answer = lambda call: png(b"no image")
    await ask(api, images.add(PICTURES[0]))  # which status that is, another test asks
    up.answer = images
    if at_home := [call for call in on_the_loop(gated.gate) if call not in before]:
        raise Red(f"The image service sent what is no PNG file, and app.digits.{at_home[0].text} was called on the event loop's own thread for it. "
                  "Whoever looks at a file computes, whatever comes of it.")


async def test_inference_runs_beside_the_loop(gated: Bench) -> None:
    """The model runs for two images at the same time, off the loop, and /health answers meanwhile."""
    await runs_beside_the_loop("infer", "the model's inference", gated)


def taken(pools: dict[str, Any], before: dict[str, Any]) -> str:
    """Which threads of the default pools are taken that weren't before; empty when none is."""
    def more(*names: str) -> int:
        return sum(pools.get(name, 0) - before.get(name, 0) for name in names)

    if more("busy", "queued") > 0:
        return f"{plural(more('busy', 'queued'), 'computation')} had a thread of FastAPI's pool, or queued for one; it has {pools['threads']}."
    if (count := more("executor_busy", "executor_queued")) > 0:
        return f"{plural(count, 'computation')} had a thread of asyncio's default executor, or queued for one; it has {pools['executor_threads']}."
    return ""


def on_the_loop(gate: Meeting) -> list[Call]:
    """The steps of the model that were called on the event loop's own thread."""
    return [call for call in gate.calls if call.details["on_loop"]]


async def nobody_new_comes(bench: Bench) -> None:
    """Returns when the loop was alive many times over while no download was under way and nobody new came to the model, or when it is held there."""
    seen, alive, until = -1, 0, time.perf_counter() + PATIENCE
    while alive < 12 and not on_the_loop(bench.gate) and time.perf_counter() < until:
        pulse = await bench.api.pulse()
        now = len(bench.up.calls) + len(bench.gate.calls)
        alive = alive + bool(pulse["alive"]) if now == seen and not bench.up.unanswered else 0
        seen = now
        await asyncio.sleep(0.003)


@pytest.mark.parametrize("step", ["preprocess", "infer"])
async def test_computations_have_a_pool_of_their_own(gated: Bench, step: str) -> None:
    """While images wait for the model, none of them takes a thread of the pools that all endpoints share."""
    api, images, gate = gated.api, gated.images, gated.gate
    before = (await api.report())["pools"]
    gate.close(lambda call: call.text == step)
    burst = Burst(api, requests([images.add(picture) for picture in unseen(MANY)]))
    try:
        for _ in range(4000):
            if len(gate.held) >= 2:
                break
            await asyncio.sleep(PATIENCE / 4000)
        else:
            raise Red(f"{MANY} images were sent together, and not even two came to {step}.")
        await nobody_new_comes(gated)
        for _ in range(100):  # a dependency or a name's look-up may hold a thread for a moment; who computes holds it all the time
            report = await api.report()
            if report["pools"] and not taken(report["pools"], before):
                break
            await asyncio.sleep(0.01)
    finally:
        gate.open()
        await burst.finish(PATIENCE)

    if at_home := on_the_loop(gate):
        raise Red(f"{MANY} images were sent together, more than there are workers, and app.digits.{at_home[0].text} was called on the event loop's "
                  "own thread for one of them. Where no worker is free a request waits for one, and holds up nobody else.")
    if not report["pools"] or not before:
        raise Inconclusive("the event loop was too slow to say how its pools of threads are used")
    if busy := taken(report["pools"], before):
        place = next((place for place in report["standing"] if place.get("pool")), next(iter(report["standing"]), None))
        raise Red(f"{MANY} images were sent together. While app.digits.{step} held them, {busy}\n"
                  + (f"They stand at {where(place)}:{quoted(place)}\n" if place else "")
                  + "Every `def` endpoint, and whoever calls to_thread, needs these threads too: with enough images none is left for them. "
                  "Give computations a pool of their own.")


def lives(process: int, thread: int) -> bool:
    """Whether a thread still exists; where that can't be seen it is taken to have ended."""
    return Path(f"/proc/{process}/task/{thread}").exists()


async def test_the_pool_is_reused(gated: Bench) -> None:
    """Twenty images, one after the other, are computed by the few workers of one pool."""
    api, images, gate = gated.api, gated.images, gated.gate
    before = len(gate.calls)

    for number in range(1, 21):
        await api.expect(200, await ask(api, images.add(PICTURES[number % len(PICTURES)])))
        seen = workers(gate.calls[before:])
        # A large pool may show as many; but it keeps them.
        if len(seen) > 12 and sum(not lives(*worker) for worker in seen) > 6:
            kind = "processes" if len({process for process, _ in seen}) > 1 else "threads"
            raise Red(f"{number} images, one after the other, were computed by {len(seen)} different {kind}. What is started for each "
                      "request costs more than it computes, and nothing bounds how many there are: keep one pool for the whole service.")


async def test_an_unknown_image_is_a_404(shared: Bench) -> None:
    """An image that the image service answers with 404 is a 404."""
    api, up, images = shared.api, shared.up, shared.images
    why = "The image service answered 404. That is the client's mistake, and nobody's failure."

    await api.expect(404, await ask(api, "nobody"), why=why)
    up.answer = lambda call: png(PICTURES[0], status=404)
    await api.expect(404, await ask(api, "nobody"), why=f"{why} That a picture came with it changes nothing.")

    up.answer = images
    await api.expect(200, await ask(api, images.add(PICTURES[0])))
    images.known["nobody"] = PICTURES[1]
    await api.expect(200, await ask(api, "nobody"), why="The image service had no image with this id, and now it has one.")


FAILURES = (
    ("answered 500", Answer(500, json={"error": "oops"})),
    ("answered 403", Answer(403, json={"error": "who are you?"})),
    ("answered 302 with a picture that says so",
     Answer(302, body=PICTURES[3], headers={"content-type": "image/png", "location": "/images/elsewhere"})),
    ("answered 503 with a picture that says so", png(PICTURES[3], status=503)),
    ("answered 200 with a page of HTML", Answer(body=b"<html>log in</html>", headers={"content-type": "text/html"})),
    ("answered 200 with nothing", png(b"")),
    ("answered 200 with half a PNG file", png(PICTURES[0][: len(PICTURES[0]) // 2])),
    ("hung up in the middle of the file", Answer(body=PICTURES[0], headers={"content-type": "image/png"}, cut=30)),
    ("answered with what is no HTTP", Answer(garbage=b"\x89PNG\r\n\x1a\n what?\r\n\r\n")),
)


async def test_a_failing_image_service_is_a_502(shared: Bench) -> None:
    """Whatever else the image service does wrong, the answer is 502, and the next good image is a 200."""
    api, up, images = shared.api, shared.up, shared.images

    for what, failing in FAILURES:
        up.answer = lambda call, failing=failing: failing
        answer = await ask(api, images.add(PICTURES[0]))

        await api.expect(502, answer, why=f"The image service {what}. 502, Bad Gateway, says that it is neither the client's fault nor yours.")
        up.answer = images
        await api.expect(200, await ask(api, images.add(PICTURES[1])), why=f"Before that, the image service {what}.")
    for what, failing in (FAILURES[0], FAILURES[-1]):
        up.answer = lambda call, failing=failing: failing
        up.close(all_but_the_first())
        failed = asyncio.create_task(ask(api, images.add(PICTURES[0])))
        await must_stay_free_for_a_second_try(api, up, failed.done, f"The image service {what}.")
        await failed
    await must_stay_free(api, "The image service failed.")
    # A download that failed must give back what it has borrowed: httpx opens 100 connections, and then waits for one.
    up.answer = lambda call: FAILURES[0][1]
    why = f"The image service {FAILURES[0][0]}, many times. A download that failed has to give back what it has borrowed."
    for _ in range(FAILING // 10):
        asked = [api.post("/predict/image", json={"image_id": images.add(PICTURES[0])}) for _ in range(10)]
        try:
            answers = await asyncio.gather(*asked)
        except Red as red:  # no answer at all
            raise Red(f"{red}\n{why}") from None
        for answer in answers:
            await api.expect(502, answer, why=why)
    up.answer = images
    await api.expect(200, await ask(api, images.add(PICTURES[1])), why=f"Before that, the image service {FAILURES[0][0]}, {FAILING} times in a row.")


async def test_an_image_service_that_is_down_is_a_502(shared: Bench) -> None:
    """While the image service is down the answer is 502; when it is back, 200."""
    api, up, images = shared.api, shared.up, shared.images
    await api.expect(200, await ask(api, images.add(PICTURES[0])))
    await up.stop()

    for _ in range(2):
        await api.expect(502, await ask(api, images.add(PICTURES[0])), why="Nobody listens at IMAGES_URL any more.")

    await up.start()
    await api.expect(200, await ask(api, images.add(PICTURES[0])), why="The image service is back.")
    await must_stay_free(api, "The image service was down.")


async def test_a_slow_image_service_is_a_504(hurried: Bench, shared: Bench, service: ServiceStarter) -> None:
    """When the image service doesn't answer in UPSTREAM_TIMEOUT_SECONDS, the answer is 504."""
    api, up, images = hurried.api, hurried.up, hurried.images
    shared.up.close()
    up.close()

    asked_before = asyncio.create_task(ask(shared.api, shared.images.add(PICTURES[0])))
    await shared.up.arrived(1, PATIENCE)
    asked = asyncio.create_task(ask(api, images.add(PICTURES[0])))
    done, _ = await asyncio.wait({asked}, timeout=3.5)
    given_up, anew = asked_before.done(), too_late(up.calls, SHORT)
    up.open()
    shared.up.open()

    if not done:
        asked.cancel()
        asked_before.cancel()
        raise Red(f"The image service held its answer, and after 3.5 s there was none from /predict/image either, though "
                  f"UPSTREAM_TIMEOUT_SECONDS was {SHORT}. Clients that wait pile up, each with what it needs.")
    await api.expect(504, await asked, why=f"The image service took longer than UPSTREAM_TIMEOUT_SECONDS, which was {SHORT}.")
    if anew:
        slower = await start(service, timeout=8 * SHORT)
        try:
            await must_not_begin_anew(slower.up, ask(slower.api, slower.images.add(PICTURES[0])), 8 * SHORT)
        finally:
            await slower.close()
    assert not given_up, (
        f"Two services ran side by side, with UPSTREAM_TIMEOUT_SECONDS {SHORT} and {PATIENCE:g}, and nothing was downloaded. The one with "
        f"{PATIENCE:g}, which was asked first, gave up first: its time limit isn't UPSTREAM_TIMEOUT_SECONDS."
    )
    await shared.api.expect(200, await asked_before, why=f"The image was downloaded in less than UPSTREAM_TIMEOUT_SECONDS, which was {PATIENCE:g}.")
    await api.expect(200, await in_time(lambda: ask(api, images.add(PICTURES[1]))), why="After that the image service answered at once.")
    await must_stay_free(api, "The image service was slow.")


async def test_an_image_service_that_falls_silent_is_a_504(hurried: Bench) -> None:
    """When the image service stops in the middle of a file and sends no more, the answer is 504 as well."""
    api, up, images = hurried.api, hurried.up, hurried.images
    up.answer = lambda call: Answer(body=PICTURES[0], headers={"content-type": "image/png"}, silent=30)

    asked = asyncio.create_task(ask(api, images.add(PICTURES[0])))
    done, _ = await asyncio.wait({asked}, timeout=3.5)
    if not done:
        asked.cancel()
        raise Red(f"The image service sent the beginning of a file, and no more. After 3.5 s there was no answer from /predict/image, though "
                  f"UPSTREAM_TIMEOUT_SECONDS was {SHORT}. The time limit is for the whole download.")
    why = f"The image service sent the beginning of a file, and no more; UPSTREAM_TIMEOUT_SECONDS was {SHORT}."
    await api.expect(504, await asked, why=why)


async def test_the_time_limit_is_for_the_download(service: ServiceStarter) -> None:
    """An image that was downloaded in time is recognized, however long it waits for the model."""
    bench = await start(service, timeout=TIMEOUT, at_the_gate=True)
    api, images, gate = bench.api, bench.images, bench.gate
    try:
        for _ in range(20):  # a busy machine may need longer than this time limit, now and then
            gate.open()
            if (await ask(api, images.add(PICTURES[0]))).status_code != 200:
                continue
            gate.close()
            asked = asyncio.create_task(ask(api, images.add(PICTURES[0])))
            while not gate.held and not asked.done():
                await asyncio.sleep(0.002)
            if gate.held:
                break
        await asyncio.wait({asked}, timeout=1.5 * TIMEOUT)
        for _ in range(SIGNS_OF_LIFE):  # whatever the loop had to do by then, it has done
            await api.pulse()
        gate.open()
        answer = await asked
    finally:
        await bench.close()

    why = (f"UPSTREAM_TIMEOUT_SECONDS was {TIMEOUT}. The image service had answered by then, and the model, for which others may queue, took longer. "
           "That is no failure of the image service's.")
    await api.expect(200, answer, why=why)


async def test_a_failing_computation_is_a_500(gated: Bench) -> None:
    """When the model raises, that request alone is a 500."""
    api, images, gate = gated.api, gated.images, gated.gate
    gate.close(lambda call: call.text == "infer")
    asked = {asyncio.create_task(ask(api, images.add(picture))) for picture in unseen(2)}
    for _ in range(4000):
        if len(gate.held) == 2:
            break
        await asyncio.sleep(PATIENCE / 4000)
    else:
        raise Red("Two images were sent together, and they were not in the model together.")

    gate.word = "raise ValueError"
    gate.release(1)
    failed, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE)
    gate.word = "go"
    gate.open()

    why = "app.digits.infer raised a ValueError. The image service is innocent, and so is the client: 500 says that it is this service that failed."
    for task in failed:
        await api.expect(500, await task, why=why)
    for task in asked - failed:
        await api.expect(200, await task, why="The model failed for the other request, not for this one.")
    gate.word = lambda call: "raise" if call.text == "preprocess" else "go"
    why = "app.digits.preprocess raised a RuntimeError. Of what is no PNG file it says so by a ValueError; this is a failure of the model."
    try:
        await api.expect(500, await ask(api, images.add(*unseen(1))), why=why)
    finally:
        gate.word = "go"
    await api.expect(200, await ask(api, images.add(PICTURES[3])), why="The model failed for the request before this one.")


async def test_the_pool_ends_with_the_service(gated: Bench) -> None:
    """When the service stops, it leaves no process behind that computed for it."""
    own = (await gated.api.report())["process"]
    computed = {process for process, _ in workers(gated.gate.calls)} - {own}

    await gated.api.stop(PATIENCE, computed)

    if left := gated.api.left_behind:
        raise Red(f"The service was stopped. Its lifespan had ended, and {len(left)} of the processes that computed for it were still running. "
                  "uvicorn ends with the signal that stopped it, without what Python does at its end (atexit): a pool that its lifespan doesn't shut "
                  "down stays behind, and keeps its memory.")
