"""A page that shows a comparison (latency.py): latency over time with the swaps, and one swap seen closely. SVG, no network."""

import html
import math
from collections import Counter, defaultdict

from load import quantile

WIDTH, LEFT, RIGHT = 1080, 60, 20
OLD, NEW, MARK, INK = "#4878a8", "#d08030", "#b03060", "#333"
LEVELS = [(level, f"{level:g} ms") for level in (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)]


class Panel:
    """A coordinate system: seconds to the right, `low`…`high` upwards, logarithmic when asked."""

    def __init__(self, title, begin, end, low, high, height=240, logarithmic=False):
        self.begin, self.end, self.low, self.high, self.height, self.logarithmic = begin, end, low, high, height, logarithmic
        self.parts = [f'<h2>{html.escape(title)}</h2><svg viewBox="0 0 {WIDTH} {height + 40}" role="img">']

    def x(self, at):
        return round(LEFT + (at - self.begin) / (self.end - self.begin) * (WIDTH - LEFT - RIGHT), 2)

    def y(self, value):
        share = self.log(max(value, self.low)) if self.logarithmic else (value - self.low) / (self.high - self.low)
        return round(10 + (1 - min(share, 1)) * self.height, 2)

    def log(self, value):
        return math.log(value / self.low) / math.log(self.high / self.low)

    def axes(self, levels, step, unit="s"):
        for level, name in levels:
            if self.low <= level <= self.high:
                self.line(self.begin, level, self.end, level, "#ddd")
                self.text(LEFT - 6, self.y(level) + 4, name, "end")
        at = 0
        while self.begin + at <= self.end + 1e-9:
            self.text(self.x(self.begin + at), self.height + 26, f"{at * (1000 if unit == 'ms' else 1):g} {unit}", "middle")
            at += step

    def text(self, x, y, text, anchor="start", colour=INK):
        self.parts.append(f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}">{html.escape(text)}</text>')

    def line(self, x1, y1, x2, y2, colour, width=1):
        self.parts.append(f'<line x1="{self.x(x1)}" y1="{self.y(y1)}" x2="{self.x(x2)}" y2="{self.y(y2)}" stroke="{colour}" stroke-width="{width}"/>')

    def band(self, begin, end, colour, opacity, low=None, high=None):
        top, bottom = self.y(self.high if high is None else high), self.y(self.low if low is None else low)
        self.parts.append(f'<rect x="{self.x(begin)}" y="{top}" width="{max(0.5, self.x(end) - self.x(begin)):.2f}" '
                          f'height="{bottom - top:.2f}" fill="{colour}" fill-opacity="{opacity}"/>')

    def curve(self, points, colour):
        path = " ".join(f"{self.x(at)},{self.y(value)}" for at, value in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.2"/>')

    def dot(self, at, value, colour):
        self.parts.append(f'<circle cx="{self.x(at)}" cy="{self.y(value)}" r="1.6" fill="{colour}" fill-opacity="0.7"/>')

    def svg(self):
        return "".join(self.parts) + "</svg>"


def legend(*entries) -> str:
    return "<p>" + " &nbsp; ".join(f'<span style="color:{colour}">■</span> {html.escape(text)}' for colour, text in entries) + "</p>"


def over_time(comparison) -> str:
    """Median, p99 and maximum of every half second, with the swaps."""
    begin, end = comparison.phases[0].begin, comparison.phases[-1].end
    panel = Panel("Latency over time", begin, end, 0.5, 1000, logarithmic=True)
    panel.axes(LEVELS, 10)
    for swap in comparison.swaps:
        panel.band(swap.begin, swap.end, MARK, 0.25)
    buckets = defaultdict(list)
    for request in comparison.requests:
        if begin <= request.due < end:
            buckets[int((request.due - begin) * 2)].append(request.latency * 1000)
    for q, colour in ((0.5, OLD), (0.99, NEW), (1, "#888")):
        panel.curve([(begin + (bucket + 0.5) / 2, quantile(values, q)) for bucket, values in sorted(buckets.items())], colour)
    return panel.svg() + legend((OLD, "median"), (NEW, "p99"), ("#888", "slowest of half a second"), (MARK, "a swap, from the command to the old version unmapped"))


def closely(comparison, generations, prefix) -> str:
    """Every request around one swap, coloured by the generation that answered it, and the shares of both."""
    swap = comparison.swaps[len(comparison.swaps) // 2]
    begin, end = swap.begin - 0.25, swap.end + 0.25
    seen = [(request, generations.get(f"{prefix}-{request.number}")) for request in comparison.requests if begin <= request.due < end]
    seen = [(request, generation) for request, generation in seen if generation is not None]
    newest = max(generation for _, generation in seen)
    dots = Panel("One swap closely: every request", begin, end, 0.5, 1000, logarithmic=True)
    dots.axes(LEVELS, 0.1, "ms")
    dots.band(swap.begin, swap.end, MARK, 0.15)
    buckets, width = defaultdict(Counter), 0.02
    for request, generation in seen:
        dots.dot(request.due, request.latency * 1000, NEW if generation == newest else OLD)
        buckets[int((request.due - begin) / width)][generation == newest] += 1
    shares = Panel("Share of both generations", begin, end, 0, 1, height=110)
    shares.axes([(0, "0 %"), (0.5, "50 %"), (1, "100 %")], 0.1, "ms")
    for bucket, count in sorted(buckets.items()):
        at, new = begin + bucket * width, count[True] / (count[True] + count[False])
        shares.band(at, at + width, OLD, 0.8, low=new)
        shares.band(at, at + width, NEW, 0.8, high=new)
    colours = legend((OLD, "answered by the old generation"), (NEW, "by the new one"), (MARK, "the swap"))
    return dots.svg() + shares.svg() + colours


def of_canary(canary) -> str:
    """Every tenth of a second: whom the requests went to, before, during and after a canary."""
    begin, end, width = canary.begin - 1.5, canary.end + 1.5, 0.1
    answered = [(request, generation) for request, generation in canary.answered() if begin <= request.due < end]
    newest = max(generation for _, generation in answered)
    panel = Panel("A canary: the share of both generations", begin, end, 0, 1, height=140)
    panel.axes([(0, "0 %"), (0.1, "10 %"), (0.5, "50 %"), (1, "100 %")], 1)
    buckets = defaultdict(Counter)
    for request, generation in answered:
        buckets[int((request.due - begin) / width)][generation == newest] += 1
    for bucket, count in sorted(buckets.items()):
        at, new = begin + bucket * width, count[True] / (count[True] + count[False])
        panel.band(at, at + width, OLD, 0.8, low=new)
        panel.band(at, at + width, NEW, 0.8, high=new)
    for at in (canary.begin, canary.end):
        panel.line(at, 0, at, 1, MARK, 2)
    return panel.svg() + legend((OLD, "answered by the old generation"), (NEW, "by the new one"), (MARK, "the command, and its end"))


def page(comparison, generations, prefix, facts, canary=None) -> str:
    """`facts`: pairs of what and its value, for the table above the pictures."""
    rows = "".join(f"<tr><th>{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>" for name, value in facts)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Swapping order while it serves</title><style>
body {{ font: 15px/1.45 system-ui, sans-serif; color: {INK}; max-width: {WIDTH}px; margin: 2em auto; padding: 0 1em }}
svg {{ width: 100%; font-size: 11px }} th {{ text-align: left; padding-right: 1.5em; font-weight: normal; vertical-align: top }}
h2 {{ font-size: 1.05em; margin: 1.6em 0 .4em }} td {{ font-variant-numeric: tabular-nums }}
</style></head><body>
<h1>Swapping order while it serves</h1>
<table>{rows}</table>
{over_time(comparison)}
{closely(comparison, generations, prefix)}
{of_canary(canary) if canary else ""}
</body></html>
"""
