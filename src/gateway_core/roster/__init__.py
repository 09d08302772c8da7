"""The endpoints of one upstream on duty: who takes the next call, and how each is doing."""

from .member import Lease, Member
from .roster import Roster
from .unavailable import Lack, Unavailable

__all__ = ["Lack", "Lease", "Member", "Roster", "Unavailable"]
