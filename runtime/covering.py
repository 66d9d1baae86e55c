"""How tiles of some rows cover a matrix."""

from __future__ import annotations

# What a tile costs besides its rows, as rows.
_EACH = 1.5


def covering(n: int, tallest: int) -> tuple[int, float]:
    """Rows of the tiles, at most `tallest`, that cover `n` rows best, and their cost in rows.

    A taller tile reads less for each product; a last tile that overlaps the one before computes
    rows twice. Of tiles that cost the same, these are the tallest.
    """
    costs = {rows: -(-n // rows) * (rows + _EACH) for rows in range(min(n, tallest), 0, -1)}
    best = min(costs, key=costs.__getitem__)
    return best, costs[best]
