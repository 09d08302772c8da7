"""Chance is a parameter: the core has none of its own."""

from dataclasses import dataclass
from typing import Final, Protocol

_MASK: Final = (1 << 64) - 1
_GAMMA: Final = 0x9E37_79B9_7F4A_7C15
"""The golden ratio's fraction in 64 bits: it steps through every state before it comes back."""


class Dice(Protocol):
    """The only source of chance in the core. `random.Random(seed)` is one."""

    def randrange(self, stop: int, /) -> int:
        """Return one of 0, 1, ... stop - 1, each as likely."""
        ...


@dataclass(slots=True)
class SplitMix:
    """Dice whose state is one number, so that what holds them can be copied and compared.

    Fit for choosing endpoints and spreading retries; anybody can work out what comes next,
    so for no secret. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number
    generators" (2014), SplitMix64.
    """

    state: int

    def randrange(self, stop: int, /) -> int:
        """See `Dice.randrange`. The bias, `stop` in 2**64, is nobody's to notice."""
        self.state = (self.state + _GAMMA) & _MASK
        return mix(self.state) * stop >> 64


def mix(number: int) -> int:
    """Return 64 bits, each of which depends on every bit of `number`."""
    number = ((number ^ (number >> 30)) * 0xBF58_476D_1CE4_E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D0_49BB_1331_11EB) & _MASK
    return number ^ (number >> 31)


def one_in(dice: Dice, chances: int) -> bool:
    """Return whether a throw that succeeds once in `chances` did."""
    return dice.randrange(chances) == 0
