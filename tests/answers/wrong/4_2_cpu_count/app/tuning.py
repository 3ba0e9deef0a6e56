# Wrong answer to 4.2: os.cpu_count(), which is the machine's number.
# Rejected by: test_it_is_where_the_process_may_run
# Because: That is what the machine has
import os
from pathlib import Path


def usable_cpus(root: str | Path = "/") -> int:
    return os.cpu_count() or 1
