"""The time that inference takes."""

import asyncio

from app.settings import settings


async def infer() -> None:
    """Waits as long as a large model would compute."""
    await asyncio.sleep(settings.inference_seconds)
