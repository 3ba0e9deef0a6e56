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
        # A task that nobody asks for its exception is complained of by whoever happens to run then.
        if place is not None and not (record.name == "asyncio" and "never retrieved" in str(record.msg)):
            try:
                message = record.getMessage()
            except Exception:  # its arguments don't fit its text: logging complains of that itself
                message = str(record.msg)
            self._records.append({"level": record.levelname, "logger": record.name, "message": message[:500], "place": place})

    def records(self) -> list[dict[str, Any]]:
        """``level``, ``logger``, ``message`` and ``place`` of each, the oldest first."""
        return list(self._records)
