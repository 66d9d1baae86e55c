"""Boxes of a graph arranged in layers from top to bottom, with room for the lines between them.

After Sugiyama, Tagawa and Toda (1981): each box below all it depends on; long lines are given
places of their own between the boxes they pass; the order within a rank follows the mean of the
neighbours'; coordinates are a least-squares fit to the neighbours' that keeps the distances.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Point = tuple[float, float]
Edge = tuple[str, str]
GAP = 20.0  # between boxes side by side
RISE = 34.0  # between ranks
LANE = 8.0  # width of a line that passes
SWEEPS = 12
_Place = str | tuple[str, str, int]  # a box, or where an edge passes a rank


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Upper left corners of boxes, and points that each line goes through, two for each rank."""

    corners: Mapping[str, Point]
    routes: Mapping[Edge, Sequence[Point]]
    width: float
    height: float


def arrange(
    sizes: Mapping[str, Point], edges: Sequence[Edge], late: Iterable[str] = ()
) -> Arrangement:
    """Place boxes of some widths and heights; `late` ones go right above what needs them."""
    ranks = _ranks(sizes, edges, frozenset(late))
    rows: list[list[_Place]] = [[] for _ in range(max(ranks.values(), default=0) + 1)]
    for box in sizes:
        rows[ranks[box]].append(box)
    links: list[tuple[_Place, _Place]] = []
    for source, target in edges:
        before: _Place = source
        for rank in range(ranks[source] + 1, ranks[target]):
            here: _Place = (source, target, rank)
            rows[rank].append(here)
            links.append((before, here))
            before = here
        links.append((before, target))
    above: dict[_Place, list[_Place]] = {place: [] for row in rows for place in row}
    below: dict[_Place, list[_Place]] = {place: [] for row in rows for place in row}
    for first, second in links:
        below[first].append(second)
        above[second].append(first)
    _order(rows, above, below)
    widths = {place: sizes[place][0] if isinstance(place, str) else LANE for place in above}
    centres = _centres(rows, above, below, widths)
    left = min((centres[p] - widths[p] / 2 for p in centres), default=0.0)
    width = max((centres[p] + widths[p] / 2 for p in centres), default=0.0) - left
    heights = [max((sizes[p][1] for p in row if isinstance(p, str)), default=0.0) for row in rows]
    tops = [sum(heights[:rank]) + RISE * rank for rank in range(len(rows))]
    corners = {
        box: (
            round(centres[box] - w / 2 - left, 1),
            round(tops[ranks[box]] + (heights[ranks[box]] - h) / 2, 1),
        )
        for box, (w, h) in sizes.items()
    }
    ports = _ports(edges, ranks, centres, widths)
    routes: dict[Edge, list[Point]] = {}
    for source, target in edges:
        start, end = ports[source, target]
        top, bottom = ranks[source], ranks[target]
        points = [
            (start - left, corners[source][1] + sizes[source][1]),
            (start - left, tops[top] + heights[top]),
        ]
        for passed in range(top + 1, bottom):
            x = centres[source, target, passed] - left
            points += [(x, tops[passed]), (x, tops[passed] + heights[passed])]
        points += [(end - left, tops[bottom]), (end - left, corners[target][1])]
        routes[source, target] = [(round(x, 1), round(y, 1)) for x, y in points]
    return Arrangement(corners, routes, round(width, 1), round(tops[-1] + heights[-1], 1))


def _ranks(boxes: Iterable[str], edges: Sequence[Edge], late: frozenset[str]) -> dict[str, int]:
    """Each box one below the lowest it depends on."""
    ranks = dict.fromkeys(boxes, 0)
    targets: dict[str, list[str]] = {box: [] for box in ranks}
    waiting = dict.fromkeys(ranks, 0)
    for source, target in edges:
        targets[source].append(target)
        waiting[target] += 1
    ready = [box for box in ranks if not waiting[box]]
    for box in ready:  # grows while it is gone through
        for target in targets[box]:
            ranks[target] = max(ranks[target], ranks[box] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    for box in late:
        ranks[box] = min((ranks[target] - 1 for target in targets[box]), default=ranks[box])
    return ranks


_Near = Mapping[_Place, Sequence[_Place]]


def _order(rows: list[list[_Place]], above: _Near, below: _Near) -> None:
    """Sort every rank by the mean place of the neighbours, down and up in turn."""
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        near = above if down else below
        for row in rows if down else reversed(rows):
            other = {p: i for line in rows for i, p in enumerate(line)}
            old = {place: position for position, place in enumerate(row)}
            keys = {
                p: sum(other[q] for q in near[p]) / len(near[p]) if near[p] else old[p] for p in row
            }
            row.sort(key=lambda p: (keys[p], old[p]))


def _centres(
    rows: Sequence[Sequence[_Place]],
    above: _Near,
    below: _Near,
    widths: Mapping[_Place, float],
) -> dict[_Place, float]:
    """Horizontal centres: near the neighbours', boxes of a rank apart."""
    centres: dict[_Place, float] = {}
    for row in rows:
        x = 0.0
        for place in row:
            centres[place] = x + widths[place] / 2
            x += widths[place] + GAP
        for place in row:
            centres[place] -= (x - GAP) / 2
    for sweep in range(2 * SWEEPS + 1):
        down = sweep % 2 == 0
        near = above if down else below
        for row in rows if down else reversed(rows):
            wanted = [
                sum(centres[q] for q in near[p]) / len(near[p]) if near[p] else centres[p]
                for p in row
            ]
            weights = [(1.0 if isinstance(p, str) else 3.0) if near[p] else 0.1 for p in row]
            offsets = [0.0]
            for left, right in pairwise(row):
                offsets.append(offsets[-1] + (widths[left] + widths[right]) / 2 + GAP)
            fitted = _rising([w - o for w, o in zip(wanted, offsets, strict=True)], weights)
            for place, x, offset in zip(row, fitted, offsets, strict=True):
                centres[place] = x + offset
    return centres


def _rising(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The non-decreasing numbers nearest to some, in weighted squares: violators are pooled."""
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for value, weight in zip(values, weights, strict=True):
        pools.append((value, weight, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, u, m), (b, v, n) = pools[-2:]
            pools[-2:] = [((a * u + b * v) / (u + v), u + v, m + n)]
    return [mean for mean, _, many in pools for _ in range(many)]


def _ports(
    edges: Sequence[Edge],
    ranks: Mapping[str, int],
    centres: Mapping[_Place, float],
    widths: Mapping[_Place, float],
) -> dict[Edge, Point]:
    """Where each line leaves and enters: side by side, in the order of where they lead."""
    ports: dict[Edge, list[float]] = {edge: [0.0, 0.0] for edge in edges}
    for side in (0, 1):
        groups: dict[str, list[Edge]] = {}
        for edge in edges:
            groups.setdefault(edge[side], []).append(edge)
        for box, group in groups.items():
            step = ranks[box] + (1 if side == 0 else -1)

            def next_to(edge: Edge, step: int = step, side: int = side) -> float:
                return centres.get((*edge, step), centres[edge[1 - side]])

            group.sort(key=next_to)
            apart = min(16.0, 0.7 * widths[box] / len(group))
            for place, edge in enumerate(group):
                ports[edge][side] = centres[box] + (place - (len(group) - 1) / 2) * apart
    return {edge: (start, end) for edge, (start, end) in ports.items()}
