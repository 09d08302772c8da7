"""What pydantic found, in the words of someone who wants it mended."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from .environment import Substituted
from .places import KeyPath, quote
from .problem import Finding
from .schema.outline import Outline

KEYS_LISTED_MAX: Final = 12
"""Names that a message lists; a table has twice that at most."""

SUBSTITUTED: Final = "what the environment puts here cannot be used"

_HOMES: Final[Mapping[str, KeyPath]] = {
    "[gateway]": ("gateway",),
    "[[routes]]": ("routes", 0),
    "[upstreams.NAME]": ("upstreams", "NAME"),
    "[limits.NAME]": ("limits", "NAME"),
}
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "string_type": ("must be text", "put it in quotes"),
    "tuple_type": ("must be a list", 'write ["one", "two"]'),
    "dict_type": ("must be a table", "write { name = value }"),
    "model_type": ("must be a table", "it has keys of its own"),
    "too_short": ("must not be empty", "give it one member at least"),
}


def explain(error: ValidationError) -> Iterator[Finding]:
    """Yield what is wrong, once each, in pydantic's order."""
    details = error.errors(include_url=False)
    outline = Outline()
    unknown = {
        _path(detail): _near(_path(detail), outline)
        for detail in details
        if detail["type"] == "extra_forbidden"
    }
    meant = {(*path[:-1], near) for path, near in unknown.items() if near}
    for detail in details:
        path = _path(detail)
        if path in unknown:
            yield _unknown(path, unknown[path], outline)
        elif not (detail["type"] == "missing" and path in meant) and not _follows(detail):
            yield _finding(path, detail, outline)


def _path(detail: ErrorDetails) -> KeyPath:
    """Return the path of the key that is wrong, without pydantic's marks."""
    return tuple(step for step in detail["loc"] if step != "[key]")


def _follows(detail: ErrorDetails) -> bool:
    """Whether this only says again that members of a list are wrong."""
    return detail["type"] == "too_short" and len(cast("list[object]", detail["input"])) > 0


def _finding(path: KeyPath, detail: ErrorDetails, outline: Outline) -> Finding:
    context: dict[str, Any] = detail.get("ctx", {})
    if detail["type"] == "wrong":
        hidden = context["echoes"] and isinstance(detail["input"], Substituted)
        message = SUBSTITUTED if hidden else context["message"]
        on_key = detail["loc"][-1] == "[key]"
        return Finding(path, message, context["cure"], on_key=on_key, echoes=context["echoes"])
    if detail["type"] == "missing":
        return Finding(path, f"the key {quote(str(path[-1]))} is missing", on_key=True)
    if detail["input"] is None:
        return Finding(path, "has no value", "give it one, or leave the key out")
    message, cure = _WORDS.get(detail["type"], (detail["msg"], ""))
    if detail["type"] == "string_type" and isinstance(detail["input"], dict):
        cure = _beside(path, list(cast("dict[str, object]", detail["input"])), outline)
    return Finding(path, message, cure)


def _beside(path: KeyPath, inside: list[str], outline: Outline) -> str:
    """Return what to do with a table where a text is due: its keys may belong beside it."""
    known = [key for key in inside if key in outline.keys(path[:-1])]
    if not known:
        return "write one text in quotes, and no table"
    named = ", ".join(map(quote, known))
    return f"this is a table; {named} {'is a key of its own' if len(known) == 1 else 'are keys of their own'}, beside it"


def _near(path: KeyPath, outline: Outline) -> str | None:
    """Return the key that an unknown one may have been meant for."""
    plain = {key.replace("_", ""): key for key in outline.keys(path[:-1])}
    name = str(path[-1]).lower().replace("-", "").replace("_", "")
    found = get_close_matches(name, plain, 1, 0.7)
    return plain[found[0]] if found else None


def _unknown(path: KeyPath, near: str | None, outline: Outline) -> Finding:
    name = str(path[-1])
    if near:
        cure = f"did you mean {quote(near)}?"
    elif home := next((home for home in _HOMES if name in outline.keys(_HOMES[home])), None):
        cure = f"it belongs to {home}"
    else:
        known = outline.keys(path[:-1])
        more = " ..." if len(known) > KEYS_LISTED_MAX else ""
        cure = f"known here: {', '.join(known[:KEYS_LISTED_MAX])}{more}"
    return Finding(path, f"unknown key {quote(name)}", cure, on_key=True)
