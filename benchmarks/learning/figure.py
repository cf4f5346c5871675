"""The figure: success of every arm with its interval, and success while collecting, phase by phase. Plain SVG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from benchmarks.learning.bootstrap import Interval

_WIDTH, _ROW, _LABELS, _MARGIN = 1010, 26, 350, 20
_CURVE_HEIGHT, _CURVE_WIDTH = 220, 560
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#7f7f7f")
"""Okabe and Ito 2008: told apart by colour-blind readers too."""
_DASHES = ("", "6 3", "2 3")


def draw(means: Sequence[tuple[str, Interval]], curves: Mapping[str, Sequence[float]]) -> str:
    """The figure as SVG text.

    Args:
        means: Title and interval of each arm, from top to bottom.
        curves: Success while collecting by phase, in [0, 1], of each arm that collects.
    """
    highest = max([interval.high for _, interval in means] + [0.1])
    scale = (_WIDTH - _LABELS - _MARGIN) / (highest * 1.05)
    points_height = _ROW * len(means) + 50
    height = points_height + (_CURVE_HEIGHT + 80 if curves else 0)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" '
        'font-size="13" role="img" aria-label="Success of every arm with its interval">',
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
    ]
    lines += _points(means, scale, highest)
    if curves:
        lines += _curves(curves, points_height + 20)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _points(means: Sequence[tuple[str, Interval]], scale: float, highest: float) -> Iterator[str]:
    bottom = _ROW * len(means) + 12
    for tenth in range(int(highest * 10) + 1):
        x = _LABELS + scale * tenth / 10
        yield f'<line x1="{x:.1f}" y1="8" x2="{x:.1f}" y2="{bottom}" stroke="#dddddd"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle" fill="#444444">{10 * tenth} %</text>'
    for row, (title, interval) in enumerate(means):
        y = 20 + _ROW * row
        low, middle, high = (_LABELS + scale * value for value in (interval.low, interval.mean, interval.high))
        yield f'<text x="{_LABELS - 12}" y="{y + 4}" text-anchor="end">{escape(title)}</text>'
        yield f'<line x1="{low:.1f}" y1="{y}" x2="{high:.1f}" y2="{y}" stroke="{_COLOURS[0]}" stroke-width="3"/>'
        yield f'<circle cx="{middle:.1f}" cy="{y}" r="5" fill="{_COLOURS[0]}"/>'


def _curves(curves: Mapping[str, Sequence[float]], top: float) -> Iterator[str]:
    left, right, bottom = 60, _CURVE_WIDTH, top + _CURVE_HEIGHT
    phases = max(map(len, curves.values()))
    highest = max(max(values) for values in curves.values()) * 1.1 or 1.0
    heading = "success while collecting, by the rules: each arm at tasks of its own choice, so compare arms above only"
    yield f'<text x="{left}" y="{top - 6}" fill="#444444">{heading}</text>'
    for tenth in range(int(highest * 10) + 1):
        y = bottom - _CURVE_HEIGHT * (tenth / 10) / highest
        yield f'<line x1="{left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#dddddd"/>'
        yield f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#444444">{10 * tenth} %</text>'
    for phase in range(phases):
        x = left + (right - left) * phase / max(1, phases - 1)
        yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle" fill="#444444">phase {phase + 1}</text>'
    for place, (title, values) in enumerate(curves.items()):
        colour, dash = _COLOURS[place % len(_COLOURS)], _DASHES[place // len(_COLOURS) % len(_DASHES)]
        points = " ".join(
            f"{left + (right - left) * phase / max(1, phases - 1):.1f},{bottom - _CURVE_HEIGHT * value / highest:.1f}"
            for phase, value in enumerate(values)
        )
        yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
        y = top + 10 + 20 * place
        yield (
            f'<line x1="{right + 30}" y1="{y}" x2="{right + 58}" y2="{y}" stroke="{colour}" stroke-width="2" '
            f'stroke-dasharray="{dash}"/>'
        )
        yield f'<text x="{right + 66}" y="{y + 4}">{escape(title)}</text>'
