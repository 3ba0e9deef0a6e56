# Wrong answer to 4.2: two, as this machine has two.
# Rejected by: test_it_is_where_the_process_may_run
# Because: returned 2. Expected 64
from pathlib import Path


def usable_cpus(root: str | Path = "/") -> int:
    return 2
