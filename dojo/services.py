"""PLACEHOLDER until the real module is written."""

from dataclasses import dataclass


class NoService(Exception):
    """No server."""


@dataclass
class Server:
    """A server."""

    host: str = ""
    port: int = 0
    url: str = ""

    def at(self, host: str, port: int) -> str:
        """URL."""
        return self.url


class Services:
    """Servers."""

    async def postgres(self) -> Server:
        """Starts."""
        raise NoService("not yet")

    async def redis(self) -> Server:
        """Starts."""
        raise NoService("not yet")

    def close(self) -> None:
        """Stops."""
