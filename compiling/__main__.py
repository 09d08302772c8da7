"""Compile the sources into `.compiled/`: `python -m compiling [--force]`."""

import sys

from .building import INTO, NotBuiltError, build


def main() -> int:
    try:
        built = build(force="--force" in sys.argv[1:])
    except NotBuiltError as why:
        print(f"It was not compiled: {why}", file=sys.stderr)
        return 1
    print("Compiled." if built else "Nothing has changed since it was compiled.")
    print(f"Use it by its path: PYTHONPATH={INTO} gateway run --config gateway.toml")
    return 0


sys.exit(main())
