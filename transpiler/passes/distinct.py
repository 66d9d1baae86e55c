"""Multiply each row that is looked up once, however often it is.

before                                  after
%v = gather_rows(%table, %words)        %ranks = distinct_ranks(%words)
%z = dot(%v, %w)                        %once = distinct_rows(%words, %ranks)
                                        %v = gather_rows(%table, %once)
                                        %y = dot(%v, %w)
                                        %z = gather_rows(%y, distinct_places(%words, %ranks))

A text has few different words, and a batch of texts has them often. Differentiated, the gradient
of `%z` is summed word by word first, and both products of the backward pass are as small.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from kgen import ops
from kgen.dims import MAX_MEASURED, measured, product
from kgen.graph import BATCH, Graph, Node, Size, Value, current
from kgen.ops.scan import readers
from kgen.rewrite import rebuild

# Floats of the matrix from which its product with a row costs more than to find the row's place.
_WORTH = 1 << 14


def distinct(graph: Graph) -> Graph:
    """Rewrite products of rows that are looked up by the numbers of a batch."""
    users, results = readers(graph), set(graph.results())
    chosen = {
        node.output
        for node in graph.nodes
        if node.op.name == "gather_rows"
        and node.output not in results
        and _may_repeat(node)
        and users.get(node.output)
        and all(_is_product(user, node.output) for user in users[node.output])
    }
    kinds = {(value.node.inputs[1], value.node.inputs[0].shape[0]) for value in chosen}
    if not chosen or len(kinds) > MAX_MEASURED:
        return graph
    found: dict[tuple[Value, Size], _Once] = {}

    def rewrite(node: Node, inputs: tuple[Value, ...]) -> Value | None:
        if not (node.inputs and node.inputs[0] in chosen and node.op.name == "dot"):
            return None
        table, words = inputs[0].node.inputs
        key = words, table.shape[0]
        if key not in found:
            found[key] = _Once(*key, len(found))
        once = found[key]
        return once.spread(ops.dot(once.rows_of(table), inputs[1], contract=((1,), (0,))))

    return rebuild(graph, rewrite)


def _may_repeat(node: Node) -> bool:
    """Whether rows of a matrix of its own are looked up by more numbers than one for a sample."""
    table, numbers = node.inputs
    known = all(isinstance(size, int) for size in table.shape)
    return known and numbers.type.rank > 1 and numbers.shape[0] == BATCH


def _is_product(user: Node, rows: Value) -> bool:
    """Whether it multiplies rows by a large matrix that is the same for all."""
    if user.op.name != "dot" or user.inputs[0] is not rows or user.inputs[1] is rows:
        return False
    matrix = user.inputs[1]
    size = product(matrix.shape)
    return (
        user.attrs["contract"] == ((rows.type.rank - 1,), (0,))
        and not user.attrs["batch"][0]
        and matrix.type.rank == 2
        and isinstance(size, int)
        and size >= _WORTH
    )


@dataclass(eq=False)
class _Once:
    """The distinct ones among some numbers, and rows of tables by them."""

    words: Value
    limit: Size
    place: int
    tables: dict[Value, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        taken = {str(size) for node in current().nodes for size in node.output.shape}
        name = re.sub(r"\W", "_", f"distinct_{self.words.name}")
        while name in taken:
            name += "_"
        size = measured(name, product(self.words.shape), self.place)
        assert isinstance(self.limit, int)
        ranks = ops.distinct_ranks(self.words, self.limit)
        self.rows = ops.distinct_rows(self.words, ranks, size)
        self.places = ops.distinct_places(self.words, ranks)

    def rows_of(self, table: Value) -> Value:
        """Those rows of a table."""
        if table not in self.tables:
            self.tables[table] = ops.gather_rows(table, self.rows)
        return self.tables[table]

    def spread(self, rows: Value) -> Value:
        """For every number its row."""
        return ops.gather_rows(rows, self.places)
