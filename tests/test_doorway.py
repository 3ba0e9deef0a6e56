"""A port at which somebody listens, or nobody does, and that is nobody else's meanwhile."""

import asyncio
import errno
import socket

import pytest

from dojo.doorway import Doorway


async def connected(port: int) -> bool:
    """Whether somebody lets a client in."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


async def test_it_opens_and_closes_at_the_same_port() -> None:
    """As often as it is told to, and once more changes nothing."""
    door, came = Doorway(), list[int]()

    for number in range(1, 4):
        await door.open(lambda reader, writer, number=number: came.append(number) or writer.close())
        assert door.is_open and await connected(door.port)  # noqa: PT018  # one statement
        port = door.port
        door.close()
        door.close()
        assert not door.is_open
        assert not await connected(port)

    assert port == door.port
    assert [1, 2, 3] == came


async def test_nobody_else_gets_the_port_meanwhile() -> None:
    """Who asks for it is refused; it is given back with the last word of the door."""
    door = Doorway()
    await door.open(lambda reader, writer: writer.close())
    door.close()

    with socket.socket() as other:
        with pytest.raises(OSError) as refused:  # noqa: PT011  # which one is compared below
            other.bind(("127.0.0.1", door.port))
        assert errno.EADDRINUSE == refused.value.errno
        port = door.port
        del door
        other.bind(("127.0.0.1", port))
