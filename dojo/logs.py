"""What the learner's code logs at WARNING or above, wherever the records go.

Handlers differ (uvicorn's, the root logger's, none at all), so the records are noted where a logger
hands them on: whatever is disabled, filtered or below its logger's level never gets there. Only
records that the learner's code makes count. What asyncio or uvicorn complain of is not its doing.
"""

import logging
import sys
from collections import deque
from typing import Any

from dojo.stack import Learner

#: Whose loggers count only when the learner's code itself logs with them.
LIBRARIES = ("asyncio", "concurrent", "fastapi", "httpcore", "httpx", "multiprocessing", "psycopg", "redis", "starlette", "urllib3", "uvicorn")
#: So many characters of a message are kept: one that names all events of a batch is long.
MESSAGE_KEPT = 10_000


class Logs:
    """The newest records of the learner's."""

    def __init__(self, learner: Learner) -> None:
        self._learner = learner
        self._records: deque[dict[str, Any]] = deque(maxlen=1000)

    def install(self) -> None:
        """From now on records are noted."""
        hand_on = logging.Logger.callHandlers

        def noted(logger: logging.Logger, record: logging.LogRecord) -> None:
            if record.levelno >= logging.WARNING:
                self._note(record)
            hand_on(logger, record)

        logging.Logger.callHandlers = noted  # type: ignore[method-assign, assignment]

    def _note(self, record: logging.LogRecord) -> None:
        place = self._learner.innermost(sys._getframe(2))
        if place is None and record.name.partition(".")[0] in LIBRARIES:
            return
        if record.name == "asyncio" and "never retrieved" in str(record.msg):  # said by whoever happens to run then
            return
        try:
            message = record.getMessage()
        except Exception:  # its arguments don't fit its text: logging complains of that itself
            message = str(record.msg)
        self._records.append({"level": record.levelname, "logger": record.name, "message": message[:MESSAGE_KEPT], "place": place})

    def records(self) -> list[dict[str, Any]]:
        """``level``, ``logger``, ``message`` and ``place`` of each, the oldest first; no place when a library called the logger for it."""
        return list(self._records)
