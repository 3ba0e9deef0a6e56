# Wrong answer to 4.4: the most that each process ever had (VmHWM).
# Rejected by: test_it_is_the_memory_of_now
# Because: rss_bytes is
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class MemoryUse:
    rss_bytes: int
    pss_bytes: int
    workers: int


def memory(pid: int) -> MemoryUse:
    tree = [pid]
    for each in tree:
        tree += [int(f.name) for f in Path("/proc").glob("[0-9]*") if field(f / "status", "PPid") == each]
    tree = [each for each in tree if field(Path(f"/proc/{each}/smaps_rollup"), "Pss")]
    rss = sum(field(Path(f"/proc/{each}/status"), "VmHWM") for each in tree)
    pss = sum(field(Path(f"/proc/{each}/smaps_rollup"), "Pss") for each in tree)
    workers = [each for each in tree if field(Path(f"/proc/{each}/status"), "PPid") == pid and b"resource_tracker" not in Path(f"/proc/{each}/cmdline").read_bytes()]
    return MemoryUse(rss * 1024, pss * 1024, len(workers) or 1)


def field(file: Path, name: str) -> int:
    try:
        return next((int(line.split()[1]) for line in file.read_text().splitlines() if line.startswith(f"{name}:")), 0)
    except OSError:
        return 0
