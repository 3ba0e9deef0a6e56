"""D · A file is read for each request, and the event loop stays free while it can't be."""

import csv
import io
import json
import re
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from dojo.kata import GivenFile, Red, Request, Service, ServiceStarter, SilentPipe, change_between, exercise, held_loop, hold, hold_steps, plural
from katas.phase1_5_sync_async.the_loop import must_stay_free

pytestmark = exercise("D", edit="app/routers/config.py")

#: As many as wait together on any machine: asyncio's default executor has a thread more, on one CPU.
TOGETHER = 4
#: Enough rows that no single reading gets all of them.
ROWS = 300
#: Rows beside the malformed one that a detail may show.
NEIGHBORS = 5
#: So many that a file is read in a few parts: 45 kB.
FEW_PARTS = 1200
#: More than a pipe or a buffer holds: 200 kB.
MANY_ROWS = 6000


@pytest.fixture
def config(tmp_path: Path) -> GivenFile:
    """A file of this test alone, which isn't there yet."""
    return GivenFile(tmp_path / "config.csv")


def fresh(count: int = 5) -> dict[str, str]:
    """Names and values that nobody can know; tables of ``count`` rows are of one length."""
    return {f"name_{secrets.token_hex(6)}": secrets.token_hex(8) for _ in range(count)}


def table(rows: Mapping[str, str], end: str = "\n") -> bytes:
    """What a file holds with ``rows`` as its table and ``end`` after each line."""
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows([("name", "value"), *rows.items()])
    return text.getvalue().encode()


async def start(service: ServiceStarter, config: GivenFile) -> Service:
    """The service with a gate in front of its file."""
    return await service(config_path=config.path, options={"hold_file": str(config.path)})


async def expect_rows(api: Service, rows: Mapping[str, str], why: str) -> None:
    """GET /config has to answer 200 with these rows and no others."""
    answer = await api.get("/config")
    await api.expect(200, answer, why=why)
    got = body(answer)
    if rows == got:
        return
    shown = answer.text if len(answer.text) < 300 else f"{answer.text[:300]}…"
    if isinstance(got, dict) and rows.keys() == got.keys():
        name = next(name for name in rows if rows[name] != got[name])
        raise Red(f"For the name {name!r} the file has the value\n    {rows[name]!r}\nand the answer\n    {got[name]!r}\n{why}")
    if isinstance(got, dict) and (odd := rows.keys() ^ got.keys()) and len(odd) <= 2:
        raise Red(f"{sorted(odd)[0]!r} is a name in the {'answer' if sorted(odd)[0] in got else 'file'} only. The answer was\n    {shown}\n{why}")
    raise Red(f"The answer was\n    {shown}\nand the file has {plural(len(rows), 'row')}: {str(dict(rows))[:200]}\n{why}")


def body(answer: httpx.Response) -> Any:
    """What an answer holds as JSON; None when it is none."""
    try:
        return json.loads(answer.content)
    except ValueError:
        return None


async def test_rows_become_an_object(service: ServiceStarter, config: GivenFile) -> None:
    """GET /config answers 200 with one object: the name of each row with its value, as the text that stands there."""
    key = secrets.token_hex(4)
    rows = {
        f"region_{key}": secrets.token_hex(4), f"retries_{key}": f"0{secrets.randbelow(900) + 100}", f"rate_{key}": "1e3",
        f"greeting_{key}": 'Hello, "you", and you', f"motto_{key}": "naïve ☕ 日本", f"nothing_{key}": "", f"switch_{key}": "true",
        f"name, {key}": "a name with a comma", f"null_{key}": "None", f"colour {key}": "dark blue",
        f"Padded_{key}": "  between blanks ", f"SHOUT_{key}": "Loud",
    }
    config.write(table(rows))

    api = await start(service, config)

    await expect_rows(api, rows, "The file at CONFIG_PATH is CSV: csv.reader knows what a quote or a comma in a field means. All values are text.")
    config.write(table(rows, end="\r\n"))
    await expect_rows(api, rows, "Its lines ended with \\r\\n now, which is what csv.writer writes by default. Both ends are in order.")
    config.write(table(rows, end="\r\n").rstrip())
    await expect_rows(api, rows, "Behind its last line stood no line feed now, as some editors leave it. The line is a row all the same.")


async def test_a_long_file_is_read_to_its_end(service: ServiceStarter, config: GivenFile) -> None:
    """All rows of a file of 200 kB are in the answer."""
    config.write(table(rows := fresh(MANY_ROWS)))

    api = await start(service, config)

    await expect_rows(api, rows, "One reading may bring only a part of a file.")


async def test_each_request_reads_the_file(service: ServiceStarter, config: GivenFile) -> None:
    """A change of the file is in the next answer, whether it was rewritten or replaced, and whatever its time and size say."""
    then = time.time()  # to its looks the file never changes
    config.write(table(first := fresh()), at=then)
    api = await start(service, config)
    await expect_rows(api, first, "")

    config.write(table(second := fresh()), at=then)
    await expect_rows(api, second, "The file was rewritten meanwhile. What is kept in memory goes stale.")

    config.replace(table(third := fresh()), at=then)
    await expect_rows(api, third, "The file was replaced by another of the same name. One that is kept open is the old one.")

    config.write(table({}))
    await expect_rows(api, {}, "The file has its header only now: that is an empty object.")

    opened = await openings(api)
    for _ in range(3):
        await api.get("/config")
    more = await openings(api) - opened
    assert more >= 3 or not opened, (  # none at all: another process reads it
        f"The file was opened {plural(more, 'time')} for 3 requests to /config, and before that for each. "
        "Whether a file has changed is not to be told from its looks; reading it anew is cheap."
    )


async def openings(api: Service) -> int:
    """How often the service has opened the file, or has run a program on it."""
    return sum(step["what"].startswith(("open", "run")) for step in await api.waits())


async def test_a_missing_file_is_not_found(service: ServiceStarter, config: GivenFile) -> None:
    """While there is no file the answer is 404, from the start on; when it comes, 200."""
    api = await start(service, config)

    for _ in range(2):
        await api.expect(404, await api.get("/config"), why="There is no file at CONFIG_PATH now: what the client asks for isn't there.")
        config.write(table(rows := fresh()))
        await expect_rows(api, rows, "The file is there now.")
        config.remove()
    await api.expect(404, await api.get("/config"), why="The file is gone again.")


async def test_requests_wait_together(service: ServiceStarter, config: GivenFile) -> None:
    """While the file can't be opened or read on, four requests wait for it together, and /health answers."""
    config.write(table(rows := fresh(ROWS)))
    api = await start(service, config)
    await expect_rows(api, rows, "")
    known = await openings(api)

    seen = await hold_steps(api, "/config", TOGETHER)

    if seen.blocks:
        raise Red(f"{seen.why_not_together()}\n\nOpening a file and reading it both wait for the disk: only a thread has the time.")
    assert seen.health, f"/health did not answer while {TOGETHER} requests waited for the file."
    # Where another process reads it the gate sees nothing, and holds nobody: then the answers say whether it was read.
    assert seen.held or not known or not seen.answered, (
        f"{TOGETHER} requests were answered while nobody could open the file: not each of them reads it."
    )
    assert seen.together or (not known and seen.answered), seen.why_not_together()
    for request in seen.requests:
        assert request.response is not None, "A request got no answer after the file could be read again."
        await api.expect(200, request.response)
        assert rows == body(request.response), f"{TOGETHER} requests read the file at the same time, and one got {request.response.text[:200]}"


async def test_an_answer_is_of_one_file(service: ServiceStarter, config: GivenFile) -> None:
    """Two requests read while the file is replaced: each is answered with the rows of one file, whole, and with nobody else's."""
    config.write(table(before := fresh(FEW_PARTS)))
    api = await start(service, config)
    await expect_rows(api, before, "")
    after = fresh(FEW_PARTS)

    requests = await change_between(api, "/config", lambda: config.replace(table(after)))

    for which, request, allowed in (("first", requests[0], (before, after)), ("second", requests[1], (after,))):
        assert request.response is not None, "A request got no answer after the file could be read again."
        await api.expect(200, request.response)
        got = body(request.response)
        if got in allowed:
            continue
        count = [len(rows.items() & got.items()) for rows in (before, after)] if isinstance(got, dict) else [0, 0]
        raise Red(f"One request had opened the file, which was replaced then by another, and a second request came. Each file has {FEW_PARTS} rows. "
                  f"The {which} of them was answered with {plural(count[0], 'row')} of the old file and {count[1]} of the new one.\n"
                  "Both filled the same object, or one read on in what the other had opened, or the file was opened anew for its next part. "
                  "What belongs to one request is made in that request, and nobody else knows it; and one opening is one file.")


async def test_a_pipe_that_stays_silent_leaves_the_loop_free(service: ServiceStarter, config: GivenFile) -> None:
    """While the file is a named pipe from which nothing comes, the event loop goes on and /health answers."""
    if not SilentPipe.is_possible():
        return
    config.write(table(rows := fresh()))
    api = await start(service, config)
    await expect_rows(api, rows, "")

    seen = await hold(api, SilentPipe(config), [Request("GET", "/config")] * TOGETHER, silence=0.15)

    # Only the loop is judged: whoever takes a pipe for no file is right too.
    if seen.blocks:
        raise Red(f"{TOGETHER} requests to /config were sent while nothing could be read from the file.\n\n{seen.bars()}\n\n"
                  f"{held_loop(seen.blocks[0])}\n\nReading waits for a disk that may take its time: only a thread has that time.")
    assert seen.health, f"/health did not answer while {TOGETHER} requests read from the pipe."


async def test_a_malformed_row_is_a_500_that_says_where(service: ServiceStarter, config: GivenFile) -> None:
    """A row that hasn't two fields is a 500 whose detail names its line (the header is line 1) or shows the row."""
    api = await start(service, config)
    for fields, last in ((["only_{}"], False), (["three_{}", "fields", "here"], False), (["ample_{}", "", "", ""], False), (["torn_{}"], True)):
        config.write(table(rows := fresh(60)))
        await expect_rows(api, rows, "")
        lines = table(rows).decode().splitlines()
        number = len(lines) + 1 if last else 12 + secrets.randbelow(40)
        bad = ",".join(fields).format(secrets.token_hex(6))
        lines.insert(number - 1, bad)
        config.write(("\n".join(lines) + "\n").encode())

        detail = await detail_of(api, f"Line {number} of the file is `{bad}`.")

        others = sum(name in detail for name in rows)
        named = re.search(rf"(?<!\d){number}(?!\d)", detail) or bad.partition(",")[0] in detail
        told = f"Line {number} of the file is `{bad}`, and the detail was\n    {detail[:200]}\n"
        assert named, f"{told}Whoever has to repair the file looks for `line {number}`, or for the row itself."
        assert others <= NEIGHBORS, f"{told}It shows {others} other rows, which are in order. `line {number}`, or that row, is enough to find it."
    config.write(table(rows))
    await expect_rows(api, rows, "The file has been repaired.")

    await must_stay_free(api, "A row of the file was malformed.")


TABLES = (
    ("is empty", b""),
    ("has no header: its first line is `city,Oslo`", b"city,Oslo\nport,8080\n"),
    ("has another header: its first line is `name,values`", b"name,values\nport,8080\n"),
    ("has its columns in another order: its first line is `value,name`", b"value,name\n8080,port\n"),
    ("is no UTF-8: it was written as Latin-1", "name,value\ncity,Malmö\n".encode("latin-1")),
)


async def test_a_file_that_is_no_such_table_is_a_500_that_says_so(service: ServiceStarter, config: GivenFile) -> None:
    """A file without the header, or that isn't UTF-8, is a 500 with a detail that says what is wrong."""
    api = await start(service, config)
    for what, content in TABLES:
        config.write(table(rows := fresh()))
        await expect_rows(api, rows, "The file was in order now.")
        config.write(content)

        detail = await detail_of(api, f"The file {what}.")

        assert re.search(r"\w{3}", detail) and "Internal Server Error" not in detail, (  # noqa: PT018  # one statement
            f"The file {what}, and the detail was {detail!r}. Say what is wrong with the file."
        )
    config.write(table(rows := fresh()))
    await expect_rows(api, rows, "The file has been repaired.")
    config.remove()
    await api.expect(404, await api.get("/config"), why="The file is gone.")
    await must_stay_free(api, "The file was no table of names and values, and then it was gone.")


async def detail_of(api: Service, why: str) -> str:
    """What the 500 of GET /config says in its ``detail``, as text."""
    answer = await api.get("/config")
    if answer.status_code != 500:
        await api.expect(500, answer, why=f"{why} An answer that looks right and isn't is worse than none.")
    content = body(answer)
    if not isinstance(content, dict) or not content.get("detail"):
        try:
            await api.expect(200, answer)  # which knows the exception
        except Red as red:
            raise Red(f"GET /config answered 500 without JSON that has a detail.\n{str(red).partition(chr(10))[2].strip()}\n\n"
                      f"{why} Say so in the answer: HTTPException(500, …).") from None
    return content["detail"] if isinstance(content["detail"], str) else json.dumps(content["detail"], ensure_ascii=False)
