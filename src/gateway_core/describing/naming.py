"""Names that nobody else has: two services may call two things alike.

    users, User                 users.User
    users, a name twice         users.User-2
    shop, Page<Item>            shop.Page_Item_

Source: OpenAPI Specification 3.1.1, 4.8.7 (names of components).
"""

import re
from dataclasses import dataclass, field
from typing import Final

_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(slots=True)
class Names:
    """The names of one kind that are taken."""

    _taken: set[str] = field(default_factory=set[str])
    _counts: dict[str, int] = field(default_factory=dict[str, int])

    def take(self, owner: str, name: str) -> str:
        """Return a name for what `owner` calls `name`: each call another."""
        wanted = _UNFIT.sub("_", f"{owner}.{name}")
        given, count = wanted, self._counts.get(wanted, 1)
        while given in self._taken:
            count += 1
            given = f"{wanted}-{count}"
        self._counts[wanted] = count
        self._taken.add(given)
        return given


def tag_of(service: str, tag: str) -> str:
    """Return what a service's tag is called beside those of others; "" for no tag."""
    return service if tag.lower() in ("", service.lower()) else f"{service}: {tag}"
