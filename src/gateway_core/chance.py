"""Chance is a parameter: the core has none of its own."""

from typing import Protocol


class Dice(Protocol):
    """The only source of chance in the core. `random.Random(seed)` is one."""

    def randrange(self, stop: int, /) -> int:
        """Return one of 0, 1, ... stop - 1, each as likely."""
        ...


def one_in(dice: Dice, chances: int) -> bool:
    """Return whether a throw that succeeds once in `chances` did."""
    return dice.randrange(chances) == 0
