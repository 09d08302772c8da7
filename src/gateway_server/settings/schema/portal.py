"""`[portal]`: the document of all that is served, and the page that shows it."""

from typing import Annotated

from .keys import SWITCH, Table, key
from .names import Text
from .values import duration


class PortalSettings(Table):
    """`/openapi.json`, made of what services publish (`openapi` of an upstream), and `/docs`."""

    enabled: Annotated[bool, SWITCH] = key(
        default=True,
        about="Whether the gateway answers `/openapi.json` and `/docs`.",
        why="A route whose path or prefix is one of these goes first in any case. Whoever can ask "
        "the gateway can read them: they tell which paths there are, and what they ask for.",
    )
    title: Text = key("API Gateway", about="The document's title.")
    version: Text = key("1", about="The document's version: of your API, not of the gateway.")
    refresh: Annotated[int, duration("10s", "1d")] = key(
        "5m",
        about="How often services' documents are fetched.",
        why="A document that cannot be had any more is shown as it was.",
    )
