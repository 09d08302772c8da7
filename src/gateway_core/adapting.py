"""How many calls a service bears at once, found out from how long it takes: a gradient.

                   least time + 25 %
    gradient  =  ---------------------    from a half to two
                  time it takes lately

    limit     =  limit x gradient + sqrt(limit x gradient)

While calls take no longer than at rest, the root lets the limit grow; once they queue, they
take longer, and the limit falls until they do not. What is beyond is refused at once: a queue
would only make everybody wait.

    LEARNING --50 calls, at no more than 3 at once--> LEARNT --a minute, or at the bottom--+
       ^                                                                                   |
       +-----------------------------------------------------------------------------------+

The least time is learnt anew once a minute, since services change; up to 15 % later, by
chance, so that workers do not all do so at once. A limit that stays at its least for five
intervals is a sign that the least time is wrong, and it is learnt at once.

A call counts from when it is asked to its answer's head: a download, a stream of events, is
no sign of load. Only calls that were answered, or not in time, say how long the service
takes; a refused connection says nothing.

Source: Envoy, "Adaptive concurrency", the gradient controller and its defaults; after Netflix's
concurrency-limits (2018).
"""

from dataclasses import dataclass, field
from math import isqrt
from typing import Final

from .chance import Dice
from .clock import MILLISECOND, Duration, Instant, after, seconds

LIMIT_MIN: Final = 3
LIMIT_MAX: Final = 1000
INTERVAL: Final = Duration(100 * MILLISECOND)
"""Between two changes of the limit."""
LEARN_EVERY: Final = seconds(60)
LEARN_CALLS: Final = 50
_JITTER_PERCENT: Final = 15
_BUFFER: Final = (5, 4)
"""Five quarters of the least time count as no longer."""
_BOTTOM_INTERVALS_MAX: Final = 5
_SAMPLES_MAX: Final = 1024
"""Of one interval: enough for a median, however many calls there are."""
_ONE: Final = 1000
"""A gradient of 1, in thousandths."""


@dataclass(frozen=True, slots=True)
class AdaptiveRules:
    """Bounds of the limit."""

    limit_min: int = LIMIT_MIN
    limit_max: int = LIMIT_MAX
    interval: Duration = INTERVAL
    learn_every: Duration = LEARN_EVERY


@dataclass(slots=True)
class Adaptive:
    """How many calls to one upstream may wait for their answers at once."""

    rules: AdaptiveRules
    limit: int = field(init=False)
    waiting: int = 0
    """Calls whose answers are awaited."""
    least: Duration = Duration(0)
    """The time that an answer takes at rest; 0 while that is being learnt for the first time."""
    learning: bool = True
    _learn_at: Instant = Instant(0)
    _change_at: Instant = Instant(0)
    _at_bottom: int = 0
    """Intervals in a row at the least limit."""
    _resume: int = 0
    """The limit before learning began."""
    _samples: list[int] = field(default_factory=list[int])

    def __post_init__(self) -> None:
        self.limit = self._resume = self.rules.limit_min

    def admit(self) -> bool:
        """Take a place for one call, if there is one; give it back by `ended` or `released`."""
        if self.waiting >= self.limit:
            return False
        self.waiting += 1
        return True

    def released(self) -> None:
        """Give a place back; its call says nothing of the service."""
        self.waiting -= 1

    def ended(self, took: Duration, now: Instant, dice: Dice) -> None:
        """Give a place back: its call was answered, or not in time, after `took`."""
        self.waiting -= 1
        if len(self._samples) < _SAMPLES_MAX:
            self._samples.append(took)
        if self.learning:
            if len(self._samples) >= LEARN_CALLS:
                self._learn(now, dice)
        elif now >= self._change_at:
            self._change(now)

    def _learn(self, now: Instant, dice: Dice) -> None:
        self.least = Duration(max(1, self._median()))
        self.learning = False
        self.limit = self._resume
        every = self.rules.learn_every
        self._learn_at = after(now, every + dice.randrange(every * _JITTER_PERCENT // 100 + 1))
        self._change_at = after(now, self.rules.interval)

    def _change(self, now: Instant) -> None:
        rules = self.rules
        over, even = _BUFFER
        gradient = self.least * over * _ONE // (even * max(1, self._median()))
        scaled = self.limit * max(_ONE // 2, min(gradient, 2 * _ONE)) // _ONE
        self.limit = max(rules.limit_min, min(scaled + isqrt(scaled), rules.limit_max))
        self._change_at = after(now, rules.interval)
        self._at_bottom = self._at_bottom + 1 if self.limit == rules.limit_min else 0
        if now >= self._learn_at or self._at_bottom >= _BOTTOM_INTERVALS_MAX:
            self.learning, self._resume, self._at_bottom = True, self.limit, 0
            self.limit = rules.limit_min

    def _median(self) -> int:
        """Return the median of the samples, which are then forgotten."""
        samples, self._samples = sorted(self._samples), []
        return samples[len(samples) // 2]
