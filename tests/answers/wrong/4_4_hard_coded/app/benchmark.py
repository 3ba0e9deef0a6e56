# Wrong answer to 4.4: the figures of some day.
# Rejected by: test_a_process_without_children_is_measured
# Because: rss_bytes is 210_000_000 bytes
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class MemoryUse:
    rss_bytes: int
    pss_bytes: int
    workers: int


def memory(pid: int) -> MemoryUse:
    return MemoryUse(210_000_000, 90_000_000, 2)
