"""The time that inference takes."""

import time

from app.settings import settings


def infer() -> None:
    """Waits as long as a large model would compute."""
    time.sleep(settings.inference_seconds)
