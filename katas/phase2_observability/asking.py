"""Asks the learner's app/metrics.py, many calls at once, and says what came back."""

import textwrap
from typing import Any

from dojo.evidence import raised
from dojo.kata import Functions, Red, beside

DRIVER = beside(__file__, "_metrics_driver.py", "")


class Asked:
    """The learner's module behind its driver. ``subject`` is what the exercise is about."""

    def __init__(self, learner: Functions, subject: str) -> None:
        self._learner = learner
        self._subject = subject
        self._trouble: Red | None = None

    async def __call__(self, what: str, *arguments: Any) -> Any:
        """What the driver's function ``what`` says; raises `Red` when the module can't be imported, hangs or ends the process."""
        if self._trouble is not None:  # a property test would try again and again, and wait each time
            raise self._trouble
        try:
            return await self._learner.call(DRIVER + what, *arguments)
        except Red as trouble:
            self._trouble = Red(str(trouble).replace(f"{what}() raised an exception", "app/metrics.py could not be used")
                                .replace(f"{what}()", self._subject))
            raise self._trouble from None


def is_number(result: Any) -> bool:
    """Whether a call returned a number."""
    return isinstance(result, int | float) and not isinstance(result, bool)


def equals(value: float, result: Any) -> bool:
    """Whether a call returned a number that is ``value``."""
    return is_number(result) and bool(value == result)


def is_error(result: Any, kind: str = "") -> bool:
    """Whether a call raised, and raised a ``kind``."""
    return isinstance(result, dict) and "raised" in result and (not kind or kind in result["kinds"])


def shown(result: Any) -> str:
    """A call's result as the end of a sentence: ``returned 0.25`` or ``raised IndexError: …``."""
    if is_error(result):
        return f"raised {raised(result['raised'])}"
    if isinstance(result, dict):
        return f"returned {result['shown']}, a {result['type']}"
    return f"returned {result!r}"


def as_code(samples: list[float], most: int = 12) -> str:
    """Samples as Python's source text; the middle of a long list is left out."""
    texts = [number(x) for x in samples]
    if len(texts) > most:
        texts = [*texts[:5], "…", *texts[-3:]]
    return f"[{', '.join(texts)}]"


def number(value: float) -> str:
    """A float as Python's source text."""
    return repr(value) if value == value and abs(value) != float("inf") else f'float("{value}")'


def pasted(*lines: str) -> str:
    """Lines of Python to paste, broken within their brackets where they are long."""
    told = [part for line in lines for part in textwrap.wrap(line, 68, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)]
    return "\n".join(f"    {line}" for line in told)
