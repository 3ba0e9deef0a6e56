# Wrong answer to 4.4: every child is taken for a worker.
# Rejected by: test_the_resource_tracker_is_no_worker
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
        workers += parent(each) == pid
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
