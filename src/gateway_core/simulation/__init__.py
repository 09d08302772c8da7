"""A world without I/O: virtual time, seeded chance, every machine driven in one heap."""

from .calls import Call, EndpointHabits
from .conversation import Conversation, Reply
from .fleet import ClientHabits, Fleet, Weather
from .gathering import Gathered, Gathering, ServiceHabits
from .journal import Entry, Journal, replay
from .world import World

__all__ = [
    "Call",
    "ClientHabits",
    "Conversation",
    "EndpointHabits",
    "Entry",
    "Fleet",
    "Gathered",
    "Gathering",
    "Journal",
    "Reply",
    "ServiceHabits",
    "Weather",
    "World",
    "replay",
]
