"""What the event loop must not do, whatever becomes of a request."""

from dojo.kata import Red, Service, quoted, where


async def must_stay_free(api: Service, when: str) -> None:
    """Raises `Red` when the service's code has waited on the event loop's own thread since the judge last began to look, or since its start.

    ``when``: what the service had to do with then, as a sentence. Who waited where is known without any clock.
    """
    waited = [block for block in (await api.report())["blocks"] if block["proof"] == "identity"]
    if waited:
        raise Red(f"{when} Your code waited on the event loop's own thread, at {where(waited[0]['place'])}:{quoted(waited[0]['place'])}\n"
                  "Nobody else is answered meanwhile, least of all when much goes wrong at once. A pause is `await asyncio.sleep(…)`; "
                  "what else waits goes to a thread.")
