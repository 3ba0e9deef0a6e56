# Wrong answer to 4.4: every process is taken for a worker, the first one as well.
# Rejected by: test_all_processes_are_measured
# Because: workers is 4. Expected 3
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class MemoryUse:
    rss_bytes: int
    pss_bytes: int
    workers: int


def memory(pid: int) -> MemoryUse:
    rss = pss = workers = 0
    for each in tree(pid):
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
            command = Path(f"/proc/{each}/cmdline").read_text()
        except OSError:
            continue
        found = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.endswith("kB")}
        if not found:
            continue
        rss += found["Rss"] * 1024
        pss += found["Pss"] * 1024
        workers += "resource_tracker" not in command
    return MemoryUse(rss, pss, max(workers, 1))


def parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


def tree(pid: int) -> list[int]:
    everybody = {int(folder.name): parent(int(folder.name)) for folder in Path("/proc").iterdir() if folder.name.isdigit()}
    found = [pid]
    for each in found:
        found.extend(child for child, its in everybody.items() if its == each)
    return found
