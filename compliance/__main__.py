"""Run the public suites that can be had here: `python -m compliance [name ...]`.

Each `suites` entry says in words why it was skipped, if it was. The exit status is 1 where a
suite fell below what it must reach.
"""

import argparse
import sys
from collections.abc import Callable, Mapping

from . import http_cache, websockets
from .outcome import Outcome

SUITES: Mapping[str, Callable[[], Outcome]] = {
    "http-cache": http_cache.run,
    "websockets": websockets.run,
}
"""A new suite is a module beside this one, and a line here."""


def main(
    words: list[str] | None = None, suites: Mapping[str, Callable[[], Outcome]] = SUITES
) -> int:
    parser = argparse.ArgumentParser(prog="python -m compliance", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(suites)}")
    names = parser.parse_args(words).names or list(suites)
    if unknown := set(names) - set(suites):
        parser.error(f"no such suite: {', '.join(sorted(unknown))}; there are {', '.join(suites)}")
    outcomes = [suites[name]() for name in names]
    for outcome in outcomes:
        print(outcome)
    return int(any(outcome.failed for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
