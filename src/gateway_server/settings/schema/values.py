"""Durations and sizes, as operators write them: "250ms", "64MiB".

A duration is a number and one unit; a size is a number of bytes, or a number and
a unit, where KiB is 1024 (IEC 80000-13) and kB is 1000 (SI).
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Final, Literal, TypeAlias

from gateway_core.clock import Duration

from ..environment import Substituted
from .keys import Reads, wrong

_QUANTITY: Final = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,9})?) ?([A-Za-z]*)")

TIME_UNITS: Final = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60 * 1_000_000_000,
    "h": 3_600 * 1_000_000_000,
    "d": 86_400 * 1_000_000_000,
}
SIZE_UNITS: Final = {
    "B": 1,
    "kB": 10**3,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
_TIME_CURE: Final = 'write a number and a unit (ns, us, ms, s, m, h, d): "250ms", "2s", "5m"'
_SIZE_CURE: Final = 'write bytes as a number, or a number and a unit: "64KiB", "8MB", "1.5GiB"'


def parse_duration(text: str) -> Duration | None:
    """Return the nanoseconds that `text` stands for; None if it is no duration."""
    count = _parse(text, TIME_UNITS)
    return None if count is None else Duration(count)


def parse_size(text: str) -> int | None:
    """Return the bytes that `text` stands for; None if it is no size."""
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    return _parse(text, SIZE_UNITS)


def spell_duration(count: int) -> str:
    """Write a duration as an operator would, so that it reads as the same: "90s", "5m"."""
    return _spell(
        count, {unit: TIME_UNITS[unit] for unit in ("d", "h", "m", "s", "ms", "us")}, "ns"
    )


def spell_size(count: int) -> str:
    """Write a size as an operator would, so that it reads as the same: "64MiB"."""
    return _spell(count, {unit: SIZE_UNITS[unit] for unit in ("TiB", "GiB", "MiB", "KiB")}, "B")


def _spell(count: int, units: Mapping[str, int], smallest: str) -> str:
    """Write `count` in the largest of `units`, largest first, that leaves no rest."""
    fitting = (unit for unit, size in units.items() if count and count % size == 0)
    unit = next(fitting, smallest)
    return f"{count // units.get(unit, 1)}{unit}"


def _parse(text: str, units: Mapping[str, int]) -> int | None:
    found = _QUANTITY.fullmatch(text)
    if found is None or found[2] not in units:
        return None
    count = Fraction(found[1]) * units[found[2]]
    return int(count) if count.denominator == 1 else None


def duration(low: str, high: str) -> Reads:
    """Return the type of durations from `low` to `high`."""
    least, most = parse_duration(low), parse_duration(high)
    assert least is not None
    assert most is not None

    def read(value: object) -> Duration:
        count = parse_duration(value) if isinstance(value, str) else None
        if count is None:
            raise wrong("is no duration", _time_cure(value))
        if not least <= count <= most:
            raise wrong(f"must be from {low} to {high}")
        return count

    return Reads(read, {**_texts(TIME_UNITS), "x-type": f"duration, {low} to {high}"})


def _time_cure(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**6:
        return f'a number needs a unit: "{value}s", or "{value}ms"'
    if isinstance(value, str) and not isinstance(value, Substituted):
        if re.fullmatch(r"[0-9]{1,9}", value):
            return f'a number needs a unit: "{value}s", or "{value}ms"'
        if re.fullmatch(r"(?:[0-9]+[a-z]+){2,}", value[:40]):
            return f'one number and one unit, "90s" for "1m30s"; {_TIME_CURE}'
    return _TIME_CURE


def _read_size(value: object, low: str, high: str) -> int:
    count = parse_size(value) if isinstance(value, str) else value
    if isinstance(count, bool) or not isinstance(count, int):
        raise wrong("is no size", _size_cure(value))
    least, most = parse_size(low), parse_size(high)
    assert least is not None
    assert most is not None
    if not least <= count <= most:
        raise wrong(f"must be from {low} to {high}")
    return count


def _size_cure(value: object) -> str:
    if isinstance(value, str) and not isinstance(value, Substituted):
        found = re.fullmatch(r"([0-9.]{1,12}) ?([kKmMgGtT])[iI]?[bB]?", value[:20])
        if found:
            number, unit = found[1], found[2].upper()
            return f'"{number}{unit}iB" counts by 1024, "{number}{unit}B" by 1000'
    return _SIZE_CURE


def size(low: str, high: str) -> Reads:
    """Return the type of sizes from `low` to `high`."""
    schema = {"anyOf": [{"type": "integer", "minimum": 0}, _texts(SIZE_UNITS)]}
    return Reads(
        lambda value: _read_size(value, low, high), {**schema, "x-type": f"size, {low} to {high}"}
    )


def _read_body_max(value: object) -> int | Literal[False]:
    if value is False or (isinstance(value, Substituted) and value == "false"):
        return False
    if value is True:
        raise wrong("must be a size, or false for no bound", _SIZE_CURE)
    return _read_size(value, "0B", "1024TiB")  # more than any disk behind an upload


def _texts(units: Mapping[str, int]) -> dict[str, object]:
    number = r"[0-9]{1,18}(\.[0-9]{1,9})?"
    optional = "?" if "B" in units else ""
    return {"type": "string", "pattern": rf"^{number} ?({'|'.join(units)}){optional}$|\$\{{"}


BodyMax: TypeAlias = Annotated[
    int | Literal[False],
    Reads(
        _read_body_max,
        {
            "anyOf": [{"type": "integer", "minimum": 0}, {"const": False}, _texts(SIZE_UNITS)],
            "x-type": "size, or false for no bound",
        },
    ),
]
"""Bytes; False: no bound."""

Timeout: TypeAlias = Annotated[Duration, duration("1ms", "1d")]
Pause: TypeAlias = Annotated[Duration, duration("0s", "1h")]
