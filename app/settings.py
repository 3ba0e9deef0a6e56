"""Everything about the service that an environment variable can change.

Given complete. Each field is read from the environment variable of its name in capitals
(``INFERENCE_SECONDS=0.5``), once, when the service starts.
"""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings


def usable_cpus() -> int:
    """The number of CPUs that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Settings(BaseSettings):
    """The service's settings; times are in seconds, addresses are URLs."""

    inference_seconds: NonNegativeFloat = 0.1
    database_url: str = "postgresql://localhost:5432/katas"
    redis_url: str = "redis://localhost:6379/0"
    weather_url: str = "http://localhost:8101"
    images_url: str = "http://localhost:8102"
    analytics_url: str = "http://localhost:8103"
    services_url: str = "http://localhost:8104"
    upstream_timeout_seconds: PositiveFloat = 2.0
    config_path: Path = Path("config.csv")
    weights_path: Path = Path("weights.npy")
    latency_samples: PositiveInt = 1000
    pool_processes: PositiveInt = Field(default_factory=usable_cpus)

    # How it is served; app/serve.py makes a command of these.
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    web_concurrency: PositiveInt | None = None
    profile: Literal["", "cpu-bound", "io-bound"] = ""
    trusted_proxies: str = "127.0.0.1"
    drain_seconds: NonNegativeFloat = 0.0


settings = Settings()
