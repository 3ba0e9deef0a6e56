"""Stands in for Locust, for 3.6: it makes no load, notes how it was started and when it ended, and leaves statistics whose figures are known.

The driver lays it down as the package `locust`. @plan@ is a file that says which statistics belong to which class, @log@ the one for notes.
"""

import argparse
import json
import os
import re
import shutil
import sys
import time
from pathlib import Path

#: How long a load takes: long enough that two that were started at the same time are seen side by side. In seconds.
TAKES = 0.15


def begun() -> float:
    """When this process was started, by the system's own record where there is one."""
    try:
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        return time.time() - (time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, AttributeError, IndexError):
        return time.time()


def seconds(text: str | None) -> float | None:
    """A time as Locust reads it: 90, 90s, 1m30s."""
    if not text:
        return None
    found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?", text.strip())
    return sum(int(each or 0) * unit for each, unit in zip(found.groups(), (3600, 60, 1), strict=True)) if found else None


def main() -> None:
    """What ``python -m locust`` does here."""
    started = begun()
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for short, name in (("-u", "users"), ("-r", "spawn-rate"), ("-t", "run-time"), ("-H", "host")):
        parser.add_argument(short, f"--{name}", dest=name.replace("-", "_"), default=os.environ.get("LOCUST_" + name.upper().replace("-", "_")))
    parser.add_argument("-f", "--locustfile", default=os.environ.get("LOCUST_LOCUSTFILE", "locustfile.py"))
    parser.add_argument("--csv", default=os.environ.get("LOCUST_CSV"))
    parser.add_argument("--headless", action="store_true")
    options, others = parser.parse_known_args()
    if not Path(options.locustfile).is_file():
        sys.exit(f"Could not find '{options.locustfile}'.")
    plan = json.loads(Path("@plan@").read_text(encoding="utf-8"))
    classes = [each for each in others if each in plan]
    note = {"pid": os.getpid(), "begun": started, "classes": classes, "users": float(options.users or 1), "rate": float(options.spawn_rate or 1),
            "seconds": seconds(options.run_time), "host": options.host}
    for planned in [plan[each] for each in classes]:
        if "error" in planned:
            sys.exit(planned["error"])
    time.sleep(TAKES)
    if options.csv and classes:
        shutil.copy(plan[classes[0]]["stats"], f"{options.csv}_stats.csv")
        for name in ("failures", "exceptions", "stats_history"):
            Path(f"{options.csv}_{name}.csv").write_text("Count\n", encoding="utf-8")
    with open("@log@", "a", encoding="utf-8") as file:
        file.write(json.dumps({**note, "ended": time.time()}) + "\n")


main()
