"""Run the fuzz targets: `python -m fuzz [--seconds N] [--seed S] [name ...]`.

Each `fuzz_<name>.py` beside this file is a target: `SEEDS` and `check(data)`. First its
seeds and its corpus are checked, then mutations of both, until the time is over. Same
seed, same inputs in the same order. A failure is cut down, saved into the corpus, and
shown; the exit status is then 1. No coverage guides it: what a target is to find must be
near its seeds, so a find is worth keeping in the corpus.
"""

import argparse
import hashlib
import importlib
import random
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
SIZE_MAX = 64 * 1024
"""Bytes of an input: more finds nothing new, and slowly."""
CUTS_MAX = 2000
"""Attempts to cut a failing input down."""
TOKENS = [
    *(bytes([value]) for value in b"\0\t\n\r !\"#%&'()*+,-./:;<=>?@[\\]^_`{|}~\x7f\x80\xff"),
    *b"\r\n // .. ../ ./ ..; %2e %2E %2f %2F %5c %00 %0d%0a %25 %252e %61 %7e %c0%ae".split(b" "),
    *b"http:// https:// * [::1] :80 user@ 0 1 -1 +1 0x 65536 18446744073709551616".split(b" "),
    *b"GET HEAD POST OPTIONS CONNECT TRACE HTTP/1.1 HTTP/1.0 Host: chunked close".split(b" "),
    *b"Content-Length: Transfer-Encoding: Connection: keep-alive Upgrade: trailers".split(b" "),
    "é".encode(),
    b"${A:-b}",
]


@dataclass
class FuzzTarget:
    """One `fuzz_<name>.py`, with what it starts from."""

    name: str
    check: Callable[[bytes], None]
    seeds: list[bytes]
    doc: str
    folder: Path = field(default=HERE)

    @property
    def corpus(self) -> Path:
        return self.folder / "corpus" / self.name

    def cases(self) -> list[tuple[str, bytes]]:
        """Return every seed and every file of the corpus, with a name, in a fixed order."""
        found = [(f"seed-{place}", data) for place, data in enumerate(self.seeds)]
        if self.corpus.is_dir():
            files = sorted(path for path in self.corpus.iterdir() if path.is_file())
            found += [(path.name, path.read_bytes()) for path in files]
        return found


def discover() -> list[FuzzTarget]:
    """Import every target beside this file."""
    found = []
    for path in sorted(HERE.glob("fuzz_*.py")):
        module = importlib.import_module(f"fuzz.{path.stem}")
        name = path.stem.removeprefix("fuzz_")
        found.append(FuzzTarget(name, module.check, list(module.SEEDS), module.__doc__ or ""))
    return found


def failure(target: FuzzTarget, data: bytes) -> Exception | None:
    """Return what `check` raises for `data`: whatever it is, it is a find."""
    try:
        target.check(data)
    except Exception as error:
        return error
    return None


def mutate(dice: random.Random, data: bytes, other: bytes) -> bytes:
    """Return `data` changed in one to four places; `other` is another input to take from."""
    out = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        start = dice.randint(0, len(out))
        end = min(len(out), start + int(dice.expovariate(1 / 6)))
        match dice.randrange(8):
            case 0:
                out[start:start] = dice.choice(TOKENS)
            case 1:
                out[start:end] = dice.choice(TOKENS)
            case 2:
                del out[start:end]
            case 3:
                out[start:start] = out[start:end] * dice.choice((1, 1, 2, 30))
            case 4:
                cut = dice.randint(0, len(other))
                out[start:end] = other[cut : cut + dice.randint(0, 12)]
            case 5:
                out[start:] = other[dice.randint(0, len(other)) :]
            case 6:
                out[start:end] = bytes(out[start:end]).swapcase()
            case _:
                if start < len(out):
                    out[start] ^= 1 << dice.randrange(8)
    return bytes(out[:SIZE_MAX])


def cut_down(target: FuzzTarget, data: bytes) -> bytes:
    """Return a shorter input that fails in the same way: by type of exception."""
    kind = type(failure(target, data))
    size, tries = max(1, len(data) // 2), 0
    while size and tries < CUTS_MAX:
        start = 0
        while start < len(data) and tries < CUTS_MAX:
            tries += 1
            shorter = data[:start] + data[start + size :]
            if type(failure(target, shorter)) is kind:
                data = shorter
            else:
                start += size
        size //= 2
    return data


def save(target: FuzzTarget, data: bytes) -> Path:
    """Write a failing input into the corpus, where the test suite finds it."""
    target.corpus.mkdir(parents=True, exist_ok=True)
    path = target.corpus / f"crash-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return path


def fuzz(target: FuzzTarget, seconds: float, seed: int) -> Path | None:
    """Check known inputs, then mutations of them until `seconds` are over.

    Return where the first failing input was saved; None if none failed.
    """
    dice = random.Random(f"{seed}/{target.name}")
    pool = [data for _, data in target.cases()]
    end, count = time.monotonic() + seconds, 0
    for data in pool:
        if failure(target, data) is not None:
            return report(target, data)
    while pool and time.monotonic() < end:
        for _ in range(100):  # a clock read is not free
            data = mutate(dice, dice.choice(pool), dice.choice(pool))
            if failure(target, data) is not None:
                return report(target, data)
        count += 100
    print(f"{target.name}: {len(pool)} known inputs and {count} mutations, no failure", flush=True)
    return None


def report(target: FuzzTarget, data: bytes) -> Path:
    """Cut a failing input down, save it, and show it."""
    data = cut_down(target, data)
    path = save(target, data)
    print(f"{target.name}: FAILED, saved as {path}\n  input: {data[:400]!r}", flush=True)
    if error := failure(target, data):
        traceback.print_exception(error, file=sys.stdout)
    return path


def main(arguments: list[str]) -> int:
    targets = discover()
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Run the fuzz targets.")
    parser.add_argument("--seconds", type=float, default=60, help="time for each target")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("names", nargs="*", metavar="name", help="targets; all if none is named")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - {target.name for target in targets}:
        known = ", ".join(target.name for target in targets)
        parser.error(f"no target {', '.join(sorted(unknown))}; there are: {known}")
    chosen = [target for target in targets if not options.names or target.name in options.names]
    print(f"seed {options.seed}: repeat with --seed {options.seed}", flush=True)
    saved = [fuzz(target, options.seconds, options.seed) for target in chosen]
    return 1 if any(saved) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
