"""A model's graph as SVG: one file, no scripts, colours for light and dark surroundings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kgen.inspecting.diagram import Box, Diagram
from kgen.inspecting.layered import Arrangement, Point, arrange
from kgen.inspecting.xml import safe, shortened, text_width

MARGIN = 20.0
HEADING = 34.0
PADDING = 12.0  # around what is inside a box, and beside text
HEAD = 44.0  # of a box with two lines of text
LONGEST = 44
_STYLE = """
    .graph { --ink: #1d2430; --soft: #5b6472; --line: #98a1ae; --paper: #ffffff;
      --plain: #f5f6f8; --weights: #e9f0fb; --shared: #f0eafa; --input: #e6f4ea;
      --output: #fcefe0; --inside: #fafbfc; --weights-edge: #4a76bd; --shared-edge: #7d5fb8;
      --input-edge: #4c9463; --output-edge: #c67a32; --plain-edge: #b3bac5;
      font-family: system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
    @media (prefers-color-scheme: dark) { .graph { --ink: #e6eaf0; --soft: #9da7b5;
      --line: #66707e; --paper: #14181e; --plain: #22272f; --weights: #1c2a42; --shared: #2a2340;
      --input: #18301f; --output: #3a2917; --inside: #191e25; --weights-edge: #6c97dc;
      --shared-edge: #a387dd; --input-edge: #62b07c; --output-edge: #dc9450;
      --plain-edge: #4a535f; } }
    .graph text { fill: var(--ink); font-size: 13px; }
    .graph text.name { font-weight: 600; }
    .graph text.soft { fill: var(--soft); font-size: 11.5px; }
    .graph text.heading { font-size: 16px; font-weight: 600; }
    .graph .paper { fill: var(--paper); }
    .graph .edge { fill: none; stroke: var(--line); stroke-width: 1.4; }
    .graph .tip { fill: var(--line); }
    .graph .plain > rect { fill: var(--plain); stroke: var(--plain-edge); }
    .graph .weights > rect { fill: var(--weights); stroke: var(--weights-edge); }
    .graph .shared > rect { fill: var(--shared); stroke: var(--shared-edge); }
    .graph .input > rect { fill: var(--input); stroke: var(--input-edge); }
    .graph .output > rect { fill: var(--output); stroke: var(--output-edge); }
    .graph .end > rect { fill: var(--paper); stroke: var(--soft); stroke-dasharray: 4 3; }
    .graph .model > rect { fill: var(--inside); }
"""


@dataclass(frozen=True, slots=True)
class _Laid:
    """A diagram with its boxes' sizes, their arrangement, and the same for what is inside them."""

    drawn: Diagram
    sizes: Mapping[str, Point]
    placed: Arrangement
    inside: Mapping[str, _Laid]


def draw(diagrams: Mapping[str, Diagram], title: str, *, background: bool = True) -> str:
    """The graphs of some models, one below the other, as the text of an SVG file."""
    laid = {name: _lay(drawn) for name, drawn in diagrams.items()}
    headings = {name: 13 * len(name) * 0.75 for name in laid}
    width = max((max(one.placed.width, headings[n]) for n, one in laid.items()), default=0.0)
    width += 2 * MARGIN
    body: list[str] = []
    y = MARGIN
    for name, one in laid.items():
        body.append(f'<text class="heading" x="{_n(MARGIN)}" y="{_n(y + 14)}">{safe(name)}</text>')
        y += HEADING
        body += _diagram(one, ((width - one.placed.width) / 2, y))
        y += one.placed.height + MARGIN
    size = f'width="{_n(width)}" height="{_n(y)}" viewBox="0 0 {_n(width)} {_n(y)}"'
    paper = f'<rect class="paper" width="{_n(width)}" height="{_n(y)}"/>' if background else ""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="graph" role="img" {size}>',
            f"<title>{safe(title)}</title>",
            f"<style>{_STYLE}</style>",
            *filter(None, [paper]),
            *body,
            "</svg>\n",
        ]
    )


def _lay(drawn: Diagram) -> _Laid:
    inside = {box.id: _lay(box.inside) for box in drawn.boxes if box.inside is not None}
    sizes = {box.id: _size(box, inside.get(box.id)) for box in drawn.boxes}
    late = [box.id for box in drawn.boxes if box.role == "input"]
    return _Laid(drawn, sizes, arrange(sizes, drawn.edges, late), inside)


def _size(box: Box, inside: _Laid | None) -> Point:
    title = text_width(shortened(box.title, LONGEST), 13, bold=True)
    if box.role in ("layer", "model"):
        first = title + 16 + text_width(shortened(box.kind, LONGEST), 11.5)
        second = text_width(shortened(box.shape, LONGEST), 11.5)
        second += 16 + text_width(box.remark, 11.5) if box.remark else 0
        width, height = max(first, second, 90) + 2 * PADDING, HEAD
        if inside is not None:
            width = max(width, inside.placed.width + 2 * PADDING)
            height += inside.placed.height + PADDING
        return round(width), height
    shape = text_width(shortened(box.shape, LONGEST), 11.5)
    return round(title + 12 + shape + 2 * PADDING), 28.0


def _diagram(laid: _Laid, at: Point) -> Iterator[str]:
    for route in laid.placed.routes.values():
        yield from _edge([(at[0] + x, at[1] + y) for x, y in route])
    for box in laid.drawn.boxes:
        x, y = laid.placed.corners[box.id]
        yield from _box(box, (at[0] + x, at[1] + y), laid)


def _edge(points: Sequence[Point]) -> Iterator[str]:
    """A line that falls straight past boxes and bends between ranks, with an arrow's head."""
    (x, y), *rest = points
    path = [f"M{_n(x)} {_n(y)}"]
    for place, (to_x, to_y) in enumerate(rest):
        if place % 2 == 0 or abs(to_x - x) < 0.05:
            path.append(f"L{_n(to_x)} {_n(to_y)}")
        else:
            half = (y + to_y) / 2
            path.append(f"C{_n(x)} {_n(half)} {_n(to_x)} {_n(half)} {_n(to_x)} {_n(to_y)}")
        x, y = to_x, to_y
    yield f'<path class="edge" d="{"".join(path)}"/>'
    yield f'<path class="tip" d="M{_n(x)} {_n(y)}l-3.6 -7h7.2z"/>'


def _box(box: Box, at: Point, laid: _Laid) -> Iterator[str]:
    (x, y), (width, height) = at, laid.sizes[box.id]
    yield f'<g class="box {style_of(box)}">'
    facts = [box.title, box.kind, box.shape, box.remark, f"line {box.line}" if box.line else ""]
    yield f"<title>{safe(', '.join(filter(None, facts)))}</title>"
    corner = 7 if box.role in ("layer", "model") else 14
    yield (
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{corner}"/>'
    )
    title = safe(shortened(box.title, LONGEST))
    shape = safe(shortened(box.shape, LONGEST))
    left, right = x + PADDING, x + width - PADDING
    name = ' class="name"' if box.role != "function" else ""
    line = y + 18.5
    yield f'<text{name} x="{_n(left)}" y="{_n(line)}">{title}</text>'
    if box.role in ("layer", "model"):
        kind = safe(shortened(box.kind, LONGEST))
        yield _soft(right, line, kind, end=True)
        yield _soft(left, line + 17, shape)
        if box.remark:
            yield _soft(right, line + 17, safe(box.remark), end=True)
    else:
        yield _soft(right, line, shape, end=True)
    inner = laid.inside.get(box.id)
    if inner is not None:
        yield from _diagram(inner, (x + (width - inner.placed.width) / 2, y + HEAD))
    yield "</g>"


def _soft(x: float, y: float, text: str, *, end: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ""
    return f'<text class="soft" x="{_n(x)}" y="{_n(y)}"{anchor}>{text}</text>'


def style_of(box: Box) -> str:
    """The class of a box's colours."""
    if box.role in ("input", "output", "end"):
        return box.role
    colours = "shared" if box.is_shared else "weights" if box.weights else "plain"
    return f"{colours} model" if box.inside is not None else colours


def _n(number: float) -> str:
    """A number without needless digits."""
    return f"{number:.1f}".removesuffix(".0")
