"""``_load.py PORT "METHOD PATH" SECONDS``: loads a service on the loopback interface and prints requests per second.

Eight kept connections on raw asyncio streams, each sending its next request when the last is
answered, so that the client takes little of the CPU that the service needs.
"""

import asyncio
import sys
import time

CONNECTIONS = 8
BODY = b'{"feature_1": 0.75, "feature_2": -1.25}'


async def connection(port: int, request: bytes, until: float) -> int:
    """How many requests one connection got answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.perf_counter() < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        await reader.readexactly(length)
        count += 1
    writer.close()
    return count


async def main() -> None:
    """Runs all connections and prints the rate."""
    port, (method, path), seconds = int(sys.argv[1]), sys.argv[2].split(), float(sys.argv[3])
    body = BODY if method == "POST" else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: benchmark\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    began = time.perf_counter()
    counts = await asyncio.gather(*(connection(port, head.encode() + body, began + seconds) for _ in range(CONNECTIONS)))
    print(sum(counts) / (time.perf_counter() - began))


asyncio.run(main())
