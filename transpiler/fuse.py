"""Which nodes share a kernel.

Every node that must be stored belongs to one group; a group becomes one
kernel. Cheap nodes belong to none: they are computed again wherever they are
read (dropout's random numbers, comparisons, broadcasts), which costs less than
memory would.

    %dot = dot(x, w); %add = add(dot, b); %relu = relu(add)     one `matmul` group
    %max = max(x); %exp = exp(x - max); %sum = sum(exp)         one `rows` group
    %db = sum(d_add, axes=(0,))                                 one `columns` group
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Literal

from kgen.access import FULL, ONE, Access, Domain, count, operand, place, row_access, split_at
from kgen.dims import symbols
from kgen.graph import Graph, Node, Value
from kgen.precision import FLOAT32

Kind = Literal["matmul", "outer", "batched", "rows", "columns", "copy", "transpose"]

REDUCTIONS = ("sum", "max", "min")
FREE = (
    "constant",
    "index",
    "batch_size",
    "size_of",
    "scalar_input",
    "random_uniform",
    "random_normal",
)
SOURCES = ("array", "input", "weight")
# What one expression and one kernel may hold: beyond that nobody can read it, nor LLVM soon.
_MAX_EXPRESSION, _MAX_GROUP = 48, 200
_NARROW = 16
# Columns of a weight gradient from which on its rows are worth reading in blocks.
_WIDE = 64
_KEPT = ("add", "relu", "copy")


@dataclass(eq=False)
class Group:
    """Nodes computed by one kernel over one domain.

    `columns` groups reduce over `rows` (each of `outer` blocks of them); in
    the others every row is on its own. The kind of a structured op is its `kernel`.
    `size` counts the operations of the members.
    """

    kind: Kind | str
    domain: Domain
    members: list[Node] = field(default_factory=list)
    outer: tuple[object, ...] = ()
    size: int = 0

    @property
    def anchor(self) -> Node:
        """The node the group was made for: its product, first reduction, or first node."""
        return self.members[0]

    @cached_property
    def name(self) -> str:
        return self.members[-1].output.name

    @property
    def is_tiled(self) -> bool:
        """Whether it computes tiles that further members find in registers, in full only."""
        return self.kind in ("matmul", "outer") or self.anchor.op.tiled

    @property
    def is_open(self) -> bool:
        """Whether it may have further members."""
        return self.kind in ("rows", "columns") or self.is_tiled


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value a group reads: stored by another (`member` false) or computed here."""

    value: Value
    access: Access


class Order:
    """Which groups need which others' results, directly or not, as groups take members in."""

    def __init__(self) -> None:
        self._numbers: dict[Group, int] = {}
        # A bit for each group that is needed, by the number of the one that needs it.
        self._needs: list[int] = []
        self._changes: list[tuple[Group | None, list[tuple[int, int]]]] = []

    def number(self, group: Group) -> int:
        """How many groups were made before this one."""
        return self._numbers[group]

    def depends(self, later: Group, earlier: Group) -> bool:
        """Whether one group needs another's results, directly or not."""
        return bool(self._needs[self._numbers[later]] >> self._numbers[earlier] & 1)

    def add(self, group: Group, producers: Sequence[Group]) -> None:
        """Take in that a group reads results of others."""
        made = None
        if group not in self._numbers:
            made = group
            self._numbers[group] = len(self._needs)
            self._needs.append(0)
        own, new = self._numbers[group], 0
        for producer in producers:
            if producer is not group:
                number = self._numbers[producer]
                new |= self._needs[number] | 1 << number
        before: list[tuple[int, int]] = []
        if new & ~self._needs[own]:
            for number, needed in enumerate(self._needs):
                if number == own or needed >> own & 1:
                    before.append((number, needed))
                    self._needs[number] = needed | new
        self._changes.append((made, before))

    def undo(self) -> None:
        """Take the last `add` back."""
        made, before = self._changes.pop()
        for number, needed in before:
            self._needs[number] = needed
        if made is not None:
            del self._numbers[made]
            self._needs.pop()


class Fusion:
    """The partition of a graph's nodes into groups.

    The body of a loop has a graph `around` it; rows of its values in `strides` lie so far apart.
    `lanes` is the most that a vector of the target has, `precision` what large products round to;
    with `has_blocks`, warps come in blocks with memory in common; `by_tiles`, rows of the batch are
    shared in whole tiles.
    """

    def __init__(
        self,
        graph: Graph,
        around: Graph | None = None,
        strides: Mapping[Value, str] | None = None,
        lanes: int = 16,
        precision: str = FLOAT32,
        has_blocks: bool = False,
        by_tiles: bool = True,
    ) -> None:
        self.graph = graph
        self.lanes = lanes
        self.precision = precision
        self.has_blocks = has_blocks
        self.by_tiles = by_tiles
        self.around = around or graph
        self.strides = strides or {}
        self.results = {root(value) for value in graph.results()}
        replaced = (graph.inputs.get(name) for name in graph.outputs)
        self.replaced = {value for value in replaced if value is not None}
        self.users: dict[Value, list[Node]] = {}
        for node in graph.nodes:
            for value in node.inputs:
                self.users.setdefault(value, []).append(node)
        self.dims = symbols(graph) | symbols(self.around)
        self.inline: set[Value] = set()
        self.sizes: dict[Value, int] = {}
        self.groups: list[Group] = []
        self.group_of: dict[Value, Group] = {}
        self._order = Order()
        self._positions = {node.output: at for at, node in enumerate(graph.nodes)}
        self._placed: list[tuple[int, Node, Group]] = []
        self.forced: set[Value] = set()
        start: int | None = 0
        while start is not None:
            start = self._partition(start)

    def _partition(self, start: int) -> int | None:
        """Form the groups of the nodes from a position on.

        If a value must be stored after all, it is `forced`, and the result its position: what
        precedes it stays as it is.
        """
        self._forget(start)
        for node in self.graph.nodes[start:]:
            self.sizes[node.output] = self._size(node)
            if node.output not in self.forced and self._is_inline(node):
                self.inline.add(node.output)
        for position, node in enumerate(self.graph.nodes[start:], start):
            if self._needs_group(node):
                forced = self._assign(node, position)
                if forced:
                    self.forced |= forced
                    return min(self._positions[value] for value in forced)
        return None

    def _forget(self, start: int) -> None:
        """Undo what was decided on nodes from a position on."""
        self.inline = {value for value in self.inline if self._positions[value] < start}
        while self._placed and self._placed[-1][0] >= start:
            _, node, group = self._placed.pop()
            self._order.undo()
            group.members.pop()
            group.size -= self.sizes[node.output]
            del self.group_of[node.output]
            if not group.members:
                self.groups.pop()

    # --- what is computed where it is read ---------------------------------

    def _size(self, node: Node) -> int:
        """The operations of a node's expression, with all that is computed inside it."""
        return 1 + sum(self.sizes[value] for value in node.inputs if value in self.inline)

    def _is_inline(self, node: Node) -> bool:
        value = node.output
        if node.op.name == "reshape":
            return True
        if node.op.name == "slice_axis":
            return self._is_window(node)
        if not node.op.elementwise or value in self.results:
            return False
        users = self.users.get(value, [])
        if any(not self._takes_expressions(user) for user in users):
            return False
        if self._must_be_kept(node):
            return False
        if node.op.name in FREE or value.dtype == "bool" or node.op.name == "broadcast_to":
            return True
        if users and all(_reduces_rows(user) for user in users):
            return True
        if count(value.shape) == ONE and all(v in self.inline for v in node.inputs):  # a scalar
            return True
        if _is_small(value) and any(not _is_small(user.output) for user in users):
            return False  # computed once, not for every row
        sources = {v for v in node.inputs if count(v.shape) != ONE and v.node.op.name not in FREE}
        if not _is_small(value):
            sources = {v for v in sources if not _is_small(v)}
        small = node.op.cost <= 1 and self.sizes[value] <= _MAX_EXPRESSION
        return small and len(sources) <= 1 and node.op.name not in _KEPT

    def _must_be_kept(self, node: Node) -> bool:
        """Whether it is a scalar for several nodes, made of what the graph replaces.

        Kernels that compute it again, and replace another such value, would wait for each other.
        """
        value = node.output
        if not self.replaced or count(value.shape) != ONE or value.dtype == "bool":
            return False
        if self.replaced.isdisjoint(self._stored(node)):
            return False
        return len(set(self._readers(value))) > 1

    def _readers(self, value: Value) -> Iterator[Node]:
        """The nodes that read a value, through those that are computed wherever they are read."""
        for user in self.users.get(value, []):
            if user.op.name in ("reshape", "broadcast_to") or user.output.dtype == "bool":
                yield from self._readers(user.output)
            else:
                yield user

    def _is_window(self, node: Node) -> bool:
        """Whether a slice is read in place: some columns of a stored value."""
        value, source = node.output, node.inputs[0]
        if node.attrs["axis"] != source.type.rank - 1 or value in self.results:
            return False
        if source in self.inline or source.dtype != "float32":
            return False
        if not all(isinstance(node.attrs[end], int) for end in ("start", "stop")):
            return False
        users = self.users.get(value, [])
        return all(user.op.name != "reshape" and self._takes_expressions(user) for user in users)

    def _takes_expressions(self, user: Node) -> bool:
        """Whether a node can compute its operand on the fly instead of loading it."""
        if user.op.name == "reshape":
            same = squeezed(user.inputs[0].shape) == squeezed(user.output.shape)
            onward = self.users.get(user.output, [])
            is_result = user.output in self.graph.results()
            return same and not is_result and all(self._takes_expressions(u) for u in onward)
        return user.op.elementwise or user.op.name in REDUCTIONS

    def _needs_group(self, node: Node) -> bool:
        return node.output not in self.inline and node.op.name not in SOURCES

    # --- choosing the group -------------------------------------------------

    def _assign(self, node: Node, position: int) -> set[Value]:
        """Put a node in a group, or give what must be stored for a kernel to read its operands."""
        producers = self._producers(node)
        group = self._joinable(node, producers)
        if group is None:
            group = self._make(node)
            if group is None:
                inline = {root(value) for value in node.inputs} & self.inline
                inline = {value for value in inline if value.node.op.name not in FREE} or inline
                assert inline, f"no kernel can compute {node}"
                return inline
            self.groups.append(group)
        group.members.append(node)
        group.size += self.sizes[node.output]
        self.group_of[node.output] = group
        self._placed.append((position, node, group))
        self._order.add(group, producers)
        return set()

    def _joinable(self, node: Node, producers: Sequence[Group]) -> Group | None:
        if node.op.name == "scan_output":
            return self.group_of[node.inputs[0]]
        if node.op.shared:
            return next((g for g in self.groups if _is_part(node, g.anchor)), None)
        if not (node.op.elementwise or node.op.name in REDUCTIONS or is_join(node)):
            return None
        candidates = [*reversed(producers), *reversed(self.groups)]
        for group in candidates:
            if self._accepts(group, node) and not any(
                p is not group and self._order.depends(p, group) for p in producers
            ):
                return group
        return None

    def _producers(self, node: Node) -> list[Group]:
        """The groups whose results a node reads, in the order they were made."""
        found: dict[Group, None] = {}
        for value in self._stored(node):
            group = self.group_of.get(value)
            if group is not None:
                found[group] = None
        return sorted(found, key=self._order.number)

    def _stored(self, node: Node) -> Iterator[Value]:
        """The stored values a node reads, through what is computed inline."""
        if node.op.name in FREE:
            return
        for value in node.inputs:
            if value in self.inline:
                yield from self._stored(value.node)
            else:
                yield value

    def _accepts(self, group: Group, node: Node) -> bool:
        if not group.is_open or (group.kind == "outer" and not self._is_narrow(group)):
            return False
        if group.size + self.sizes[node.output] > _MAX_GROUP:
            return False
        if group.kind == "columns":
            return not is_join(node) and self._accepts_columns(group, node)
        if is_join(node):
            return group.kind == "rows" and self._accepts_join(group, node)
        if node.op.name in REDUCTIONS:
            return group.kind == "rows" and self._is_row_reduction(group, node)
        found = _place(node.output.shape, group.domain)
        if found is None:
            return False
        if group.is_tiled and found[1] != FULL:
            return False
        leaves = self.leaves(node, group, *found)
        if leaves is None:
            return False
        return all(self._readable(group, leaf) for leaf in leaves)

    def _is_narrow(self, group: Group) -> bool:
        """Whether a sum of products over the batch is small enough for one kernel with more."""
        names, cols = count(group.domain.cols)
        return not names and cols <= _WIDE

    def _accepts_join(self, group: Group, node: Node) -> bool:
        """Whether all that is joined are whole rows of the domain, some of them computed here."""
        if all(self.group_of.get(value) is not group for value in node.inputs):
            return False
        for value in node.inputs:
            found = place(value.shape, group.domain)
            if found is None or found != (value.type.rank - 1, FULL):
                return False
            leaves = self.operand_leaves(value, group, *found)
            if leaves is None or not all(self._readable(group, leaf) for leaf in leaves):
                return False
        return True

    def _readable(self, group: Group, leaf: Leaf) -> bool:
        if self.group_of.get(root(leaf.value)) is group:  # a reshaped member is stored, not known
            return leaf.value in self.group_of and leaf.access == self.own_access(leaf.value, group)
        return not group.is_tiled or leaf.access.rows in ("each", "one")

    def _is_row_reduction(self, group: Group, node: Node) -> bool:
        shape, axes = node.inputs[0].shape, node.attrs["axes"]
        if axes[-1] != len(shape) - 1:
            return False
        rows, cols = shape[: axes[0]], shape[axes[0] :]
        if count(rows) != count(group.domain.rows) or count(cols) != count(group.domain.cols):
            return False
        leaves = self.operand_leaves(node.inputs[0], group, len(rows), FULL)
        return leaves is not None and all(self._readable(group, leaf) for leaf in leaves)

    def _accepts_columns(self, group: Group, node: Node) -> bool:
        """Further reductions of the same domain, and what follows from the results."""
        if node.op.name in REDUCTIONS:
            made = _columns_domain(node)
            if made is None or (made.domain, made.outer) != (group.domain, group.outer):
                return False
            split = len(node.inputs[0].shape[: node.attrs["axes"][-1] + 1])
            leaves = self.operand_leaves(node.inputs[0], group, split, FULL)
            return leaves is not None and all(
                self.group_of.get(root(leaf.value)) is not group for leaf in leaves
            )
        after = Domain(group.outer, group.domain.cols)  # type: ignore[arg-type]
        found = _place(node.output.shape, after)
        if found is None or found[1] != FULL:
            return False
        leaves = self.leaves(node, group, *found)
        return leaves is not None and all(
            leaf.value in self.group_of and leaf.access == FULL
            for leaf in leaves
            if self.group_of.get(root(leaf.value)) is group
        )

    # --- new groups ----------------------------------------------------------

    def _make(self, node: Node) -> Group | None:
        """A group of a node's own; None if its operands cannot be computed in it."""
        name, shape = node.op.name, node.output.shape
        if name == "scan":
            return Group("scan", Domain((), ()))
        if node.op.kernel:
            split = len(shape) - (2 if self._goes_along_lines(node) else 1)
            return Group(node.op.kernel, Domain(shape[:split], shape[split:]))
        if name == "dot":
            if node.attrs["batch"][0]:
                return Group("batched", Domain(shape[:-2], shape[-2:]))
            kind: Kind = "outer" if node.attrs["contract"][0][0] == 0 else "matmul"
            if node.inputs[0].type.rank == 1:
                kind = "matmul"
            return Group(kind, Domain(shape[:-1], shape[-1:]))
        if name == "transpose":
            return Group("transpose", Domain(shape, ()))
        if name in ("concatenate", "slice_axis", "place_axis"):
            axis = node.attrs["axis"]
            return Group("copy", Domain(shape[:axis], shape[axis:]))
        if name in REDUCTIONS:
            return self._reduction_group(node)
        return self._elementwise_group(node)

    def _goes_along_lines(self, node: Node) -> bool:
        """Whether a convolution has one channel, whose positions then are a tile's columns."""
        if node.op.name != "conv" or node.output.shape[-1] != 1 or node.attrs["strides"][-1] > 1:
            return False
        extent, taps = node.output.shape[-2], count(node.inputs[1].shape[-3:-1])[1]
        run = count(node.inputs[1].shape[-2:-1])[1] if node.attrs["dilation"][-1] > 1 else taps
        return isinstance(extent, int) and extent >= self.lanes <= run

    def _reduction_group(self, node: Node) -> Group | None:
        source, axes = node.inputs[0], node.attrs["axes"]
        group = _columns_domain(node)
        split = axes[-1] + 1
        if group is None:
            split = axes[0]
            group = Group("rows", Domain(source.shape[:split], source.shape[split:]))
        return None if self.operand_leaves(source, group, split, FULL) is None else group

    def _elementwise_group(self, node: Node) -> Group | None:
        """Rows and columns for a map: long columns where every operand allows it."""
        shape = node.output.shape
        last = max(len(shape) - 1, 0)
        narrow = bool(shape) and isinstance(shape[-1], int) and shape[-1] < _NARROW
        first = 1 if shape and not isinstance(shape[0], int) else 0
        for split in [first, last] if narrow and first < last else [last]:
            group = Group("rows", Domain(shape[:split], shape[split:]))
            if not shape or (len(shape) == 1 and not isinstance(shape[0], int)):
                group = Group("rows", Domain(shape, ()))
            found = place(shape, group.domain)
            assert found is not None
            leaves = self.leaves(node, group, *found)
            if leaves is not None:
                return group
        return None

    # --- what a node reads ---------------------------------------------------

    def own_access(self, value: Value, group: Group) -> Access:
        """How a member's own value is indexed in its group."""
        if is_join(value.node):
            return Access("each", "joined")
        if group.kind == "columns":
            after = Domain(group.outer, group.domain.cols)  # type: ignore[arg-type]
            found = place(value.shape, after)
        elif value.node.op.name in REDUCTIONS:
            return row_access(group.domain)
        else:
            found = place(value.shape, group.domain)
        assert found is not None
        return found[1]

    def leaves(self, node: Node, group: Group, split: int, access: Access) -> list[Leaf] | None:
        """The stored values a node reads, and how; None if it cannot be computed here."""
        found: list[Leaf] = []
        if node.op.name == "index":
            # It is the kernel's column, if its last axis makes up the columns alone.
            columns = node.output.shape[split:]
            alone = bool(columns) and count(columns) == count(columns[-1:])
            return found if access.cols == "each" and alone else None
        if node.op.name in FREE:
            return found
        for value in node.inputs:
            placed = operand(value.shape, node.output.shape, split, access)
            if placed is None:
                return None
            below = self.operand_leaves(value, group, *placed)
            if below is None:
                return None
            found += below
        return found

    def operand_leaves(
        self, value: Value, group: Group, split: int, access: Access
    ) -> list[Leaf] | None:
        """As `leaves`, for one operand."""
        if self.group_of.get(value) is group or value not in self.inline:
            return [Leaf(value, access)]
        if value.node.op.name == "reshape":
            source = value.node.inputs[0]
            if self.is_alias(value):
                return [Leaf(value, access)]
            inner = split_at(source.shape, count(value.shape[:split]))
            return None if inner is None else self.operand_leaves(source, group, inner, access)
        if value.node.op.name == "slice_axis":
            source = value.node.inputs[0]
            at_end = split == source.type.rank - 1
            return [Leaf(source, Access(access.rows, "window"))] if at_end else None
        return self.leaves(value.node, group, split, access)

    def is_alias(self, value: Value) -> bool:
        """Whether a reshape names a stored buffer, rather than an expression."""
        base = root(value)
        if base in self.inline:
            return False
        return base not in self.group_of or squeezed(base.shape) != squeezed(value.shape)


# Many nodes have few shapes.
_place = lru_cache(maxsize=1 << 14)(place)


def root(value: Value) -> Value:
    """The value whose buffer this one is a view of."""
    while value.node.op.name == "reshape":
        value = value.node.inputs[0]
    return value


def _is_small(value: Value) -> bool:
    """Whether there is as much of it for any batch and any open size."""
    return not count(value.shape)[0]


def _is_part(node: Node, other: Node) -> bool:
    """Whether two nodes are results of one computation."""
    own, others = ({**n.attrs, "part": ""} for n in (node, other))
    return node.op is other.op and node.inputs == other.inputs and own == others


def is_join(node: Node) -> bool:
    """Whether a node joins values of equal width, which one kernel may write side by side."""
    if node.op.name != "concatenate" or node.attrs["axis"] != node.output.type.rank - 1:
        return False
    known = isinstance(node.output.shape[-1], int)
    same = len({value.shape for value in node.inputs}) == 1
    return known and same and node.output.dtype == "float32"


def squeezed(shape: Sequence[object]) -> tuple[object, ...]:
    """A shape without its ones."""
    return tuple(size for size in shape if size != 1)


def _columns_domain(node: Node) -> Group | None:
    """The group of a reduction that is not over trailing axes; None for one that is."""
    shape, axes = node.inputs[0].shape, node.attrs["axes"]
    after = shape[axes[-1] + 1 :]
    trailing = axes[-1] == len(shape) - 1
    if trailing and (axes[0] != 0 or isinstance(shape[0], int)):
        return None
    return Group(
        "columns",
        Domain(shape[axes[0] : axes[-1] + 1], after),
        outer=tuple(shape[: axes[0]]),
    )


def _reduces_rows(node: Node) -> bool:
    return node.op.name in REDUCTIONS and _columns_domain(node) is not None
