"""What of a configuration's text is secret.

Excerpts of it end up in terminals, in logs and in bug reports. Secret is what stands
under a name such as `password` or `token`, and name and password in a URL.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final, TypeAlias

from .places import KeyPath, Spot

Stretch: TypeAlias = tuple[int, int]
"""Characters of one line, from 0; the end is the first one behind."""

_NAME: Final = re.compile(
    r"secret|passw|passphrase|pwd|token|key|credential|authoriz|cookie|private|signature",
    re.IGNORECASE,
)
_WORDS: Final = ("password", "secret", "token", "credentials")
"""Compared by likeness as well: a misspelt `passwrd` is still somebody's password."""

_CREDENTIALS: Final = re.compile(r"(?<=://)[^/@\s\"']+(?=@)")
_ASSIGNED: Final = re.compile(r"""(?<![\w.-])([\w.-]++)["']?\s*+[=:]\s*+""")
_OWNER: Final = re.compile(r"""[\s{\[,-]*+["']?([\w.-]++)["']?\s*+[=:]""")
_OWNER_LINES_MAX: Final = 50
"""How far above a mistake of syntax the name is looked for that its line may belong to."""

_TO_THE_END: Final = 2**62


def is_secret(path: KeyPath) -> bool:
    """Whether what stands at `path` must not be shown: a name on the way says so."""
    if path[-2:] == ("tls", "key"):  # the path of a file
        return False
    names = path[2:] if path[:1] == ("upstreams",) else path
    return any(isinstance(name, str) and _is_secret_name(name) for name in names)


def _is_secret_name(name: str) -> bool:
    return bool(_NAME.search(name) or get_close_matches(name[:32].lower(), _WORDS, 1, 0.75))


def known(spot: Spot) -> dict[int, list[Stretch]]:
    """Return the secret stretches of each line of a file whose values' places are known."""
    found: dict[int, list[Stretch]] = {}
    for path, inner in spot.walk():
        if not inner.children and is_secret(path):
            at = inner.value
            for line in range(at.line, at.end_line + 1):
                start = at.column - 1 if line == at.line else 0
                end = at.end_column - 1 if line == at.end_line else _TO_THE_END
                found.setdefault(line, []).append((start, end))
    return found


def guessed(lines: list[str], number: int) -> list[Stretch]:
    """Guess the secret stretches of a line, from 1, of a text that could not be read.

    Guesses too much rather than too little: after a secret name the rest of the line,
    and all of a line that goes on with a secret from above.
    """
    for name in _ASSIGNED.finditer(lines[number - 1]):
        if is_secret((name[1],)):
            return [(name.end(), _TO_THE_END)]
    for above in range(number, max(0, number - _OWNER_LINES_MAX), -1):
        if (owner := _OWNER.match(lines[above - 1])) is not None:
            goes_on = above < number and is_secret((owner[1],))
            return [(0, _TO_THE_END)] if goes_on else []
    return []


def credentials(line: str) -> list[Stretch]:
    """Return where URLs in a line hold names and passwords."""
    return [found.span() for found in _CREDENTIALS.finditer(line)]


def joined(stretches: Iterable[Stretch], low: int, high: int) -> list[Stretch]:
    """Return the stretches as far as they lie in `low` to `high`: in order, none overlapping."""
    result: list[Stretch] = []
    for begin, end in sorted(stretches):
        start, stop = max(begin, low), min(end, high)
        if start >= stop:
            continue
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(stop, result[-1][1]))
        else:
            result.append((start, stop))
    return result
