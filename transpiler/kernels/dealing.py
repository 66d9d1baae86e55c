"""How a grid of many warps shares loops: each takes every so manieth tile of all of them together.

A processor's few threads take a slice of one loop each (`share`), whose cells they keep in their
caches. A GPU has thousands of warps for the same loops: those that write apart from each other
are counted through as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kgen.kernels.places import add, digits, grouped, mul

# Lanes of a GPU's vectors.
WARP = 32
_ALONE = "thread, threads = warps()"
_TOGETHER = "team, teams, warp, team_warps = blocks_of_warps()"


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop of a nest, and the statements its body begins with.

    One that is `serial` goes over what it wrote before.
    """

    head: str
    lines: tuple[str, ...] = ()
    serial: bool = False

    @property
    def name(self) -> str:
        """The variable."""
        return self.head.partition(" in range(")[0]

    @property
    def is_shared(self) -> bool:
        """Whether a processor's thread goes over a slice of it, from `first` to `last`."""
        return self.bounds[0].startswith("first")

    @property
    def bounds(self) -> tuple[str, str, str]:
        """Start, stop and step."""
        parts = _arguments(self.head.partition(" in range(")[2][:-1])
        start, stop = ("0", *parts)[-2:] if len(parts) == 1 else parts[:2]
        return start, stop, parts[2] if len(parts) > 2 else "1"


def opened(loops: Sequence[Loop], depth: int) -> tuple[list[str], int]:
    """The heads of loops with what follows each, and the depth of the innermost body."""
    lines: list[str] = []
    for loop in loops:
        lines += indented([f"for {loop.head}:"], depth)
        depth += 1
        lines += indented(loop.lines, depth)
    return lines, depth


def indented(lines: Iterable[str], depth: int) -> list[str]:
    """Lines further to the right."""
    return ["    " * depth + line for line in lines]


def dealt(
    share: str, loops: Sequence[Loop], *, free: bool = False, together: bool = False
) -> tuple[list[str], int]:
    """The heads of loops as warps share them, and the depth of the innermost body.

    `share` is the processor's line for the loop from `first` to `last`. That one is dealt out, and
    with it, if they are `free` to be done in any order, all that are not serial. Blocks of warps
    may take turns `together`, each warp some terms of a sum.
    """
    one, many = ("team", "teams") if together else ("thread", "threads")
    total = _total(share) if share else ""
    whole = [_whole(loop, total) for loop in loops]
    taken = [not loop.serial and (free or loop.is_shared) for loop in loops]
    first = taken.index(True)
    lines, depth = opened(whole[:first], 0)
    lines.insert(0, _TOGETHER if together else _ALONE)
    parallel = [loop for loop, is_taken in zip(whole, taken, strict=True) if is_taken]
    if len(parallel) == 1:
        (loop,) = parallel
        start, stop, step = loop.bounds
        head = f"{loop.name} in range({add(start, mul(one, grouped(step)))}, {stop}, "
        lines += indented([f"for {head}{mul(many, grouped(step))}):"], depth)
    else:
        counts = [_turns(loop) for loop in parallel]
        lines += indented([f"for turn in range({one}, {' * '.join(counts)}, {many}):"], depth)
        lines += indented(_numbers(parallel, counts), depth + 1)
    depth += 1
    for loop, is_taken in zip(whole[first:], taken[first:], strict=True):
        if not is_taken:
            lines += indented([f"for {loop.head}:"], depth)
            depth += 1
        lines += indented(loop.lines, depth)
    return lines, depth


def staged(
    rows: str, cols: int, vectors: int, i: str = "i", height: str = "ROWS"
) -> tuple[str, ...]:
    """The head of a loop over tiles of some rows, of which a block takes as many as it has warps.

    These have columns in common, and follow one another; some may begin, at row `i`, beyond the
    last row.
    """
    turns, down, column = _down(f"-(-{grouped(rows)} // ({height} * team_warps))", cols, vectors)
    return (
        _TOGETHER,
        f"for turn in range(team, {turns}, teams):",
        f"    {column}",
        f"    {i} = ({down} * team_warps + warp) * {height}",
    )


def staged_tiles(
    sizes: Sequence[str], names: Sequence[str], cols: int, vectors: int
) -> tuple[str, ...]:
    """As `staged`, for tiles that axes of these sizes count, of which the first have names.

    A warp for which there is no tile left repeats the last; its `number` is then not below `tiles`.
    """
    turns, down, column = _down("-(-tiles // team_warps)", cols, vectors)
    places = zip(names, digits("t", sizes), strict=False)
    return (
        _TOGETHER,
        f"tiles = {' * '.join(grouped(size) for size in sizes)}",
        f"for turn in range(team, {turns}, teams):",
        f"    {column}",
        f"    number = {down} * team_warps + warp",
        "    t = min(number, tiles - 1)",
        *(f"    {name} = {digit}" for name, digit in places),
    )


def _down(turns: str, cols: int, vectors: int) -> tuple[str, str, str]:
    """The turns of a loop over tiles across and down, and a turn's place down and across."""
    width = vectors * WARP
    across = -(-cols // width)
    if across == 1:
        return turns, "turn", "j = 0"
    return f"{turns} * {across}", f"turn // {across}", f"j = turn % {across} * {width}"


def split(loop: Loop) -> Loop:
    """A loop whose turns the warps of a block divide among themselves."""
    start, stop, step = loop.bounds
    first, stride = add(start, mul("warp", grouped(step))), mul("team_warps", grouped(step))
    return Loop(f"{loop.name} in range({first}, {stop}, {stride})", loop.lines)


def _whole(loop: Loop, total: str) -> Loop:
    """A loop over a thread's slice as the loop over all; others as they are."""
    if not loop.is_shared:
        return loop
    _, stop, step = loop.bounds
    last, times, each = stop.partition(" * ")
    assert last == "last", loop.head
    stop = f"{grouped(total)} * {each}" if times else total
    return Loop(f"{loop.name} in range(0, {stop}{'' if step == '1' else f', {step}'})", loop.lines)


def _total(share: str) -> str:
    """What a function that shares divides: all rows, or the batch."""
    function, _, arguments = share.removesuffix(")").partition("(")
    parts = _arguments(arguments)
    if function == "share_rows":
        return mul(parts[1], grouped(parts[2]))
    return parts[0] if function == "share" else parts[1]


def _turns(loop: Loop) -> str:
    """How often a loop turns."""
    start, stop, step = loop.bounds
    length = stop if start == "0" else f"({stop} - {grouped(start)})"
    if step == "1":
        return grouped(length)
    if length.isdigit() and step.isdigit():
        return str(-(-int(length) // int(step)))
    return f"-(-{grouped(length)} // {grouped(step)})"


def _numbers(loops: Sequence[Loop], counts: Sequence[str]) -> list[str]:
    """The variables of loops from the number of a turn; the last loop turns fastest."""
    found: list[str] = []
    for loop, digit in zip(loops, digits("turn", counts), strict=True):
        start, _, step = loop.bounds
        found.append(f"{loop.name} = {add(start, mul(digit, grouped(step)))}")
    return found


def _arguments(text: str) -> list[str]:
    """The parts of a text between the commas outside its parentheses."""
    parts, depth = [""], 0
    for char in text:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]
