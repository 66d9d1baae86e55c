"""Attention by blocks of queries and keys: queries along the lanes, keys one after another.

What is kept for each query (its largest score, the sum of exponentials) lies in vectors, and no
sum goes across lanes. Lanes beyond the last query hold whatever was there, and are never stored
nor added to others. Blocks of queries, and of what is found for them, are turned over once.
"""

from __future__ import annotations

from typing import Any

from kgen.access import product_text
from kgen.body import Body, number
from kgen.graph import Value
from kgen.kernels.loops import known_size, rows_text, shared
from kgen.kernels.nest import take_names
from kgen.kernels.places import grouped, mixed, mul, size
from kgen.ops.attend import LOWEST
from kgen.texts import AttendGradientText, AttendText, Sum

# Keys of a block, and the most queries: lanes of four of the widest vectors.
_BLOCK = 64
_LANES = 16
_LOCALS = """
    turned scores totals rows head panel highest total known column fade part weight old tilted
    slopes asked given line shift values r seen place before start count row
"""


def attend(body: Body) -> AttendText:
    heads = _Heads(body)
    values, sums = (heads.results.get(part) for part in ("values", "sums"))
    kept: tuple[str, ...] = ()
    if sums is not None:
        name = body.view(sums, rows_text(sums.shape[:3]), heads.queries)
        kept = f"store({name}, line * 2, i, highest)", f"store({name}, line * 2 + 1, i, weight)"
    return AttendText(
        **heads.options(shared(heads.q.shape[:1] + heads.q.shape[2:3], "1")),
        kept=kept,
        found="" if values is None else heads.by_row(values),
    )


def attend_gradient(body: Body) -> AttendGradientText:
    heads = _Heads(body)
    sums, delta, grad = heads.node.inputs[3:6]
    query, key, value = (heads.results.get(part) for part in ("query", "key", "value"))
    added, cleared = [], []
    for target, weights, source in ((key, "slopes", "asked"), (value, "scores", "given")):
        if target is not None:
            added.append(heads.sum(target, weights, source))
            whole = grouped(product_text(target.shape[1:]))
            cleared.append(f"fill_words({added[-1].target}, o * {whole}, {whole}, 0.0)")
    hidden = heads.hidden() and not heads.node.attrs["lowered"]
    return AttendGradientText(
        **heads.options(shared(heads.q.shape[:1])),
        sums=body.view(sums, rows_text(sums.shape[:3]), heads.queries),
        delta=body.view(delta, rows_text(delta.shape[:2]), heads.queries),
        grad=heads.by_place(grad),
        query="" if query is None else heads.by_row(query),
        cleared=tuple(cleared),
        added=tuple(added),
        seen=("acc = select(seen, acc, 0.0)",) if hidden else (),
    )


class _Heads:
    """What both directions share: sizes, tiles, and which keys a query sees."""

    def __init__(self, body: Body) -> None:
        self.body = body
        body.names.taken |= set(_LOCALS.split())
        take_names(body)
        self.node = body.group.anchor
        self.results = {n.attrs["part"]: n.output for n in body.group.members}
        body.written += self.results.values()
        first = 3 if self.node.op.name == "attention" else 6
        self.q, self.k, self.v = self.node.inputs[:3]
        self.masks = self.node.inputs[first:]
        self.queries, self.keys = size(self.q.shape, 1), size(self.k.shape, 1)
        self.heads, self.kept_heads = (known_size(x.shape[2:3]) for x in (self.q, self.k))
        known = self.q.shape[1]
        most = min(known, _BLOCK) if isinstance(known, int) else _BLOCK
        self.vectors = -(-most // _LANES)

    def options(self, share: str) -> dict[str, Any]:
        """The fields that both texts have."""
        own, other = (known_size(x.shape[3:]) for x in (self.k, self.v))
        shared_by = self.heads // self.kept_heads
        lowest, stop = self._range()
        return {
            "share": share,
            "heads": str(self.heads),
            "key_head": "head" if shared_by == 1 else f"(head // {shared_by})",
            "queries": self.queries,
            "keys": self.keys,
            "size": str(own),
            "value_size": str(other),
            "size_rows": str(-(-own // _LANES) * _LANES),
            "value_rows": str(-(-other // _LANES) * _LANES),
            "size_vectors": f"VECTORS_{own}",
            "value_vectors": f"VECTORS_{other}",
            "step": mul("LANES", self.vectors),
            "vectors": str(self.vectors),
            "rows": "ROWS" if self.vectors < 3 else "HALF_ROWS",
            "lowest": lowest,
            "stop": stop,
            "q": self.by_place(self.q),
            "k": self.by_place(self.k),
            "v": self.by_place(self.v),
            "hidden": self.hidden(),
        }

    def by_place(self, value: Value) -> str:
        """A value as rows of all heads, one for each place of a sequence."""
        return self.body.view(value, rows_text(value.shape[:2]), known_size(value.shape[2:]))

    def by_row(self, value: Value) -> str:
        """A value as rows of one head each."""
        return self.body.view(value, rows_text(value.shape[:3]), known_size(value.shape[3:]))

    def sum(self, target: Value, weights: str, source: str) -> Sum:
        """How weights of keys times rows of queries are added to a head's rows of keys."""
        wide = known_size(target.shape[3:])
        vectors = 4 if wide > 2 * _LANES else -(-wide // _LANES)
        return Sum(
            weights,
            source,
            self.by_place(target),
            str(wide),
            "ROWS" if vectors < 3 else "HALF_ROWS",
            str(vectors),
            mul("LANES", vectors),
        )

    def _range(self) -> tuple[str, str]:
        """Which keys to meet: all, unless those that are not seen do not matter to any query."""
        causal, window = self.node.attrs["causal"], self.node.attrs["window"]
        sees_itself = causal or self.q.shape[1] == self.k.shape[1]
        if self.masks or self.node.attrs["lowered"] or not sees_itself:
            return "0", self.keys
        if window and self.q.shape[1] != self.k.shape[1]:
            return "0", self.keys
        behind = f"i + {mul('LANES', self.vectors)}"
        lowest, stop = "0", self.keys
        if window:
            lowest = f"max(i - {window - 1}, 0)"
            stop = f"min({self.keys}, {behind} + {window - 1})"
        if causal:
            stop = f"min({self.keys}, {behind})"
        return lowest, stop

    def hidden(self) -> tuple[str, ...]:
        """Lower the scores of keys that are not seen."""
        seen = self._conditions()
        if not seen:
            return ()
        attrs = self.node.attrs
        low = f"acc + {number(attrs['lowered'])}" if attrs["lowered"] else number(LOWEST)
        lines = [f"seen = {seen[0]}", *(f"seen = seen & ({one})" for one in seen[1:])]
        return *lines, f"acc = select(seen, acc, {low})", "store(scores, j, 0, acc)"

    def _conditions(self) -> list[str]:
        """Where key `place + j` is seen by queries from i on."""
        causal, window = self.node.attrs["causal"], self.node.attrs["window"]
        lanes = f"lane_index(i, {self.vectors})"
        found = [f"{lanes} >= place + j"] if causal else []
        if window:
            found.append(f"{lanes} > place + j - {window}")
            found += [] if causal else [f"{lanes} < place + j + {window}"]
        return found + [self._mask(mask) for mask in self.masks]

    def _mask(self, mask: Value) -> str:
        places = [
            (place, size(mask.shape, axis))
            for axis, place in enumerate(("o", "head", "place + j"))
            if mask.shape[axis] != 1
        ]
        row = mixed(*zip(*places, strict=True)) if places else "0"
        rows = rows_text(mask.shape[:3])
        if mask.shape[3] == 1:
            return f"load_column({self.body.view(mask, rows, 1)}, {row}, 1) > 0.5"
        name = self.body.view(mask, rows, self.queries)
        return f"load({name}, {row}, i, 1, {self.vectors}) > 0.5"
