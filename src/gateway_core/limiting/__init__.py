"""Limiting: how many requests of whom pass in what time, and what clients are told of it."""

from .concurrency import Concurrency
from .contract import Key, Limiter, Verdict
from .fixed_window import FixedWindow
from .gcra import Gcra
from .judging import Held, Judgement, Limits, Outcome
from .keys import Asker, ByClient, ByConsumer, ByHeader, ByRoute, KeyPart, key_part
from .limit import Limit, Told
from .per_key import KEYS_MAX, PerKey, WhenFull
from .rate import QUOTA_MAX, WINDOW_MAX, WINDOW_MIN, Algorithm, Rate
from .sliding_window import SlidingWindow
from .telling import whole_seconds

__all__ = [
    "KEYS_MAX",
    "QUOTA_MAX",
    "WINDOW_MAX",
    "WINDOW_MIN",
    "Algorithm",
    "Asker",
    "ByClient",
    "ByConsumer",
    "ByHeader",
    "ByRoute",
    "Concurrency",
    "FixedWindow",
    "Gcra",
    "Held",
    "Judgement",
    "Key",
    "KeyPart",
    "Limit",
    "Limiter",
    "Limits",
    "Outcome",
    "PerKey",
    "Rate",
    "SlidingWindow",
    "Told",
    "Verdict",
    "WhenFull",
    "key_part",
    "whole_seconds",
]
