"""What five services answer, and what a dashboard has to make of it."""

import json
import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

import httpx

from dojo.kata import Answer, Call, Red, Service, listed, plural

NAMES = ("service_1", "service_2", "service_3", "service_4", "service_5")

Values = Mapping[str, Any]


def name_of(call: Call) -> str:
    """Which of the five was called."""
    return str(call.details["target"].partition("?")[0].strip("/"))


def answering(values: Values) -> Callable[[Call], Answer]:
    """The five services' answers: an `Answer` as it is, anything else as JSON, which is UTF-8."""
    def answer(call: Call) -> Answer:
        if name_of(call) not in values:
            return Answer(404, json={"detail": "There are service_1 to service_5."})
        value = values[name_of(call)]
        return value if isinstance(value, Answer) else Answer(body=json.dumps(value, ensure_ascii=False).encode())

    return answer


def new_values() -> dict[str, Any]:
    """A value of another kind for each service, chosen anew each time."""
    number = random.randint(1000, 999_999)
    kinds = [number, number / 8, f"crème brûlée {number}", [number, [], "two"], {"name": str(number), "nested": {"é": [number, None]}}]
    random.shuffle(kinds)
    return dict(zip(NAMES, kinds, strict=True))


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: 1, 1.0 and true are three."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def shown(value: Any) -> str:
    """A value as JSON, shortened."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}…"


def page_of(answer: httpx.Response) -> dict[str, Any]:
    """The dashboard, which has to be an object with the five names."""
    try:
        page = answer.json()
    except ValueError:
        page = None
    keys = set(page) - {"errors"} if isinstance(page, dict) else set()
    if not isinstance(page, dict) or keys != set(NAMES):
        odd = [f"{name} is missing" for name in NAMES if name not in keys] + [f"{key!r:.40} is none of them" for key in sorted(keys - set(NAMES))]
        raise Red(f"GET /dashboard answered\n    {answer.text[:300]}\nIt is an object with the keys service_1 to service_5, and errors; "
                  f"{listed(odd)}.")
    return page


async def expect_page(api: Service, answer: httpx.Response, values: Values, failed: Collection[str] = (), seen: str = "") -> None:
    """Raises `Red` unless a dashboard shows ``values``, null for who has ``failed``, and their names; ``seen``: what the services did."""
    await api.expect(200, answer, why=f"{seen} Whatever the services do, a dashboard is a 200.")
    page = page_of(answer)
    for name in NAMES:
        expected = None if name in failed else values[name]
        if same(expected, page[name]):
            continue
        for other in NAMES:
            if page[name] is not None and other not in failed and same(values[other], page[name]):
                told = f"{seen}\nThe answer of {other} stands under {name}:\n    {shown(page)}"
                raise Red(f"{told}\nWho answers first isn't always the same one.".strip())
        told = "" if name in failed else f"{name} answered {shown(values[name])}. "
        raise Red(f"{seen}\n{told}Under {name} the dashboard says\n    {shown(page[name])}\nexpected\n    {shown(expected)}".strip())
    errors = page.get("errors", [])
    if not isinstance(errors, list) or sorted(map(str, errors)) != sorted(failed):
        said = f"The dashboard's errors were {shown(errors)}" if "errors" in page else "The dashboard had no errors"
        raise Red(f"{seen}\n{said}, expected {shown(sorted(failed))}: the names of those that failed, and of nobody else.".strip())


def expect_one_call_each(calls: Collection[Call], dashboard: str = "GET /dashboard", at_most: bool = False) -> None:
    """Raises `Red` unless each of the five was called once; ``at_most``: or not at all, as time may be over before a call has left."""
    asked, wanted = Counter(call.text for call in calls), Counter(f"GET /{name}" for name in NAMES)
    if asked == wanted or (at_most and asked < wanted):
        return
    said = "\n".join(f"    {count} × {text:.60}" for text, count in sorted(asked.items())) or "    nothing"
    raise Red(f"For {dashboard} the services got {plural(len(calls), 'call')}. They were asked for\n{said}\n"
              "A dashboard asks each of GET /service_1 to GET /service_5 once.")
