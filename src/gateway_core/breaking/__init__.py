"""Circuit breakers: when a service that fails is left alone, and when it is tried again."""

from .breaker import MOVES, Breaker, Permit, State
from .rules import BreakerRules, SlowRule
from .window import Window

__all__ = ["MOVES", "Breaker", "BreakerRules", "Permit", "SlowRule", "State", "Window"]
