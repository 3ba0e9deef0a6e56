"""The judge's stand-in for app/work.py: it says where it runs, waits to be let go, and hashes in no time."""

import zlib

from dojo_meet import meet

ALGORITHM = "fnv1a-64-stretched"


def slow_hash(data: str) -> str:
    meet("slow_hash", data)
    return f"{zlib.crc32(data.encode()):016x}"
