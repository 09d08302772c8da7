"""The plot: a panel of bars for each scenario, as SVG written by hand.

Logarithmic, since the subjects lie three orders of magnitude apart; each bar has its value
written beside it, so that nobody has to read it off the scale. Less is better everywhere.
"""

import math
from collections.abc import Mapping
from html import escape

from .measuring import DIRECT
from .report import figure_title, figure_value, number
from .scenarios import BY_NAME
from .summary import Summary

WIDTH, NAME_WIDTH, VALUE_WIDTH = 860, 170, 90
BAR, GAP, HEAD = 16, 6, 44
OURS, THEIRS, INK, FAINT = "#c2410c", "#64748b", "#0f172a", "#e2e8f0"


def bar_length(value: float, lowest: float, highest: float, room: float) -> float:
    """Return the length of a bar: a tenth of the room for the lowest, all for the highest."""
    if highest <= lowest:
        return room
    share = math.log(value / lowest) / math.log(highest / lowest)
    return room * (0.1 + 0.9 * share)


def svg(found: Mapping[str, Mapping[str, Summary]]) -> str:
    """Return the plot of all scenarios that have a figure."""
    drawn: list[str] = []
    top = 10.0
    for name, subjects in found.items():
        scenario = BY_NAME[name]
        values = {
            subject: value
            for subject, summary in subjects.items()
            if subject != DIRECT and (value := figure_value(scenario, summary))
        }
        if values:
            drawn += _panel(f"{name}: {figure_title(scenario)}", scenario.title, values, top)
            top += HEAD + len(values) * (BAR + GAP) + 18
    style = "font-family:system-ui,sans-serif;font-size:12px"
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top:.0f}" '
                f'width="{WIDTH}" height="{top:.0f}" style="{style}">'
            ),
            f'<rect width="{WIDTH}" height="{top:.0f}" fill="#ffffff"/>',
            *drawn,
            "</svg>\n",
        ]
    )


def _panel(title: str, about: str, values: Mapping[str, float], top: float) -> list[str]:
    lowest, highest = min(values.values()), max(values.values())
    room = WIDTH - NAME_WIDTH - VALUE_WIDTH
    lines = [
        _text(10, top + 16, title, "start", "font-weight:600;font-size:14px"),
        _text(10, top + 32, f"{about}; less is better, logarithmic", "start", f"fill:{THEIRS}"),
    ]
    for place, (subject, value) in enumerate(sorted(values.items(), key=lambda each: each[1])):
        y = top + HEAD + place * (BAR + GAP)
        length = bar_length(value, lowest, highest, room)
        colour = OURS if subject.startswith("gateway") else THEIRS
        lines += [
            _text(NAME_WIDTH - 8, y + 12, subject, "end"),
            f'<rect x="{NAME_WIDTH}" y="{y:.0f}" width="{room}" height="{BAR}" fill="{FAINT}"/>',
            (
                f'<rect x="{NAME_WIDTH}" y="{y:.0f}" width="{length:.1f}" height="{BAR}" '
                f'fill="{colour}"/>'
            ),
            _text(NAME_WIDTH + room + 8, y + 12, number(value), "start"),
        ]
    return lines


def _text(x: float, y: float, text: str, anchor: str, style: str = "") -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{INK}" style="{style}">'
        f"{escape(text)}</text>"
    )
