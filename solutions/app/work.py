"""A hash that is slow on purpose, as hashes of passwords are.

Given complete. It is pure Python: it computes all the time, and holds the GIL while it does.
"""

ALGORITHM = "fnv1a-64-stretched"

#: How often the hash is fed back into itself.
ROUNDS = 1_600_000

OFFSET = 0xCBF29CE484222325
PRIME = 0x100000001B3
MASK = 0xFFFFFFFFFFFFFFFF


def slow_hash(data: str) -> str:
    """FNV-1a (64 bits) of ``data`` in UTF-8, fed back into itself `ROUNDS` times: 16 hexadecimal digits."""
    state = OFFSET
    for byte in data.encode():
        state = (state ^ byte) * PRIME & MASK
    for _ in range(ROUNDS):
        state = (state ^ (state >> 56)) * PRIME & MASK
    return f"{state:016x}"
