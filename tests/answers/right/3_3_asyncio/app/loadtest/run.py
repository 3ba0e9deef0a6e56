# Right answer to 3.3: asyncio's subprocess, with a time limit around it.

import asyncio
import contextlib
import sys
import uuid
from pathlib import Path
from tempfile import gettempdir

LOCUSTFILE = Path(__file__).resolve().parents[2] / "locustfile.py"


def run(host: str, user_class: str, users: int, spawn_rate: float, seconds: float) -> Path:
    return asyncio.run(_run(host, user_class, users, spawn_rate, seconds))


async def _run(host, user_class, users, spawn_rate, seconds):
    folder = Path(gettempdir()) / f"locust-{uuid.uuid4()}"
    folder.mkdir()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "locust", f"--locustfile={LOCUSTFILE}", "--headless", f"--host={host}", f"-u={users}", f"-r={spawn_rate}",
        f"-t={max(1, round(seconds))}", f"--csv={folder / 'run'}", "--exit-code-on-error=0", user_class, cwd=folder,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(seconds + 12):
            output, _ = await process.communicate()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if process.returncode:
        raise RuntimeError(output.decode())
    return folder / "run_stats.csv"
