"""The time that inference takes."""

import time

from app.settings import settings


def wait() -> None:
    """Blocks the calling thread, whichever it is."""
    time.sleep(settings.inference_seconds)
