"""What the judge draws at random, from a seed that is told: a run can be repeated with the same inputs.

Without a seed each run draws anew, but for hypothesis' examples, which stay the same. With one (``--seed``, or the
variable ``KATA_SEED``) everything follows from it. Passwords and tokens of the judge's own never do.
"""

import os
import random
import secrets
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

#: What phases' strategies read before they draw examples.
VARIABLE = "KATA_SEED"


def new_seed() -> int:
    """A seed that nobody can guess."""
    return secrets.randbelow(2**32)


class Chance:
    """Makes `random` and the part of `secrets` that katas use follow a seed, anew for each test: the order of tests has no part in it."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        os.environ[VARIABLE] = str(seed)

    def begin(self, test: str) -> None:
        """From now on the draws are those of ``test``."""
        random.seed(f"{self.seed} {test}")
        source = self._source = random.Random(f"{self.seed} {test} secrets")
        self._fresh = (random.getstate(), source.getstate())

        def token_hex(nbytes: int | None = None) -> str:
            return source.randbytes(32 if nbytes is None else nbytes).hex()

        def choice(sequence: Sequence[T]) -> T:
            return source.choice(sequence)

        secrets.token_hex, secrets.randbelow, secrets.choice = token_hex, source.randrange, choice  # type: ignore[assignment]

    def drawn(self) -> bool:
        """Whether the test that began last has drawn anything."""
        return self._fresh != (random.getstate(), self._source.getstate())
