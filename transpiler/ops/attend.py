"""Attention, with no memory for the scores of all queries and keys.

`attention` has two results, and `attention_gradient` three: nodes that differ in `part` alone,
which one kernel computes together. It meets a block of keys after another, keeping for each query
the largest score so far and the sum of the exponentials below it (M. Milakov and N. Gimelshein,
"Online normalizer calculation for softmax", 2018). Derivatives compute the weights again from
those two (T. Dao and others, "FlashAttention", 2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from kgen.diagnostics import fail
from kgen.graph import (
    Attrs,
    Node,
    OpDef,
    Operand,
    Sample,
    Shape,
    ShapeError,
    Size,
    TensorType,
    Value,
    apply,
    register,
)
from kgen.ops import elementwise as e
from kgen.ops.einsum import einsum
from kgen.ops.normalize import softmax
from kgen.ops.precision import rounded
from kgen.ops.reduce import max as reduce_max
from kgen.ops.reduce import sum as reduce_sum
from kgen.ops.shape import concatenate, reshape, transpose
from kgen.ops.source import array, index

# Far below any score, and exact in float32.
LOWEST = -(2.0**127)


def _heads(inputs: Sequence[TensorType]) -> tuple[TensorType, TensorType, TensorType]:
    q, k, v = inputs[:3]
    if any(x.rank != 4 for x in (q, k, v)):
        raise ShapeError(f"heads of sequences [batch, length, heads, size], found {q}, {k}, {v}")
    heads = q.shape[2], k.shape[2]
    shared = all(isinstance(size, int) for size in heads) and heads[0] % heads[1] == 0  # type: ignore[operator]
    fits = q.shape[0] == k.shape[0] and q.shape[3] == k.shape[3] and k.shape[:3] == v.shape[:3]
    if not (shared and fits):
        raise ShapeError(f"query {q}, key {k} and value {v} do not go together")
    return q, k, v


def _check_masks(q: TensorType, k: TensorType, masks: Sequence[TensorType]) -> None:
    whole: Shape = (q.shape[0], q.shape[2], k.shape[1], q.shape[1])
    for mask in masks:
        fits = zip(mask.shape, whole, strict=False)
        if mask.rank != 4 or any(size not in (1, own) for size, own in fits):
            raise ShapeError(f"a mask {mask} is not [batch, heads, keys, queries], with ones")


def _infer(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    q, k, v = _heads(inputs)
    _check_masks(q, k, inputs[3:])
    if attrs["part"] == "sums":
        return TensorType("float32", (q.shape[0], q.shape[2], 2, q.shape[1]))
    return TensorType("float32", (*q.shape[:3], v.shape[3]))


def _infer_gradient(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    q, k, _ = _heads(inputs)
    _check_masks(q, k, inputs[6:])
    place = ("query", "key", "value").index(attrs["part"])
    return TensorType("float32", inputs[place].shape)


# --- in NumPy ---------------------------------------------------------------------------


def _visible(scores: Any, masks: Sequence[Any], causal: bool, window: int) -> Any:
    """Where a query sees a key, `[..., queries, keys]`."""
    queries, keys = np.arange(scores.shape[-2])[:, None], np.arange(scores.shape[-1])
    seen = np.ones(scores.shape, bool)
    for mask in masks:
        seen = seen & (np.swapaxes(np.asarray(mask), 2, 3) > 0.5)
    if causal:
        seen = seen & (keys <= queries)
    return seen & (abs(queries - keys) < window) if window else seen


def _scored(
    q: Any, k: Any, masks: Sequence[Any], causal: bool, window: int, lowered: float
) -> tuple[Any, Any]:
    """The scores `[batch, heads, queries, keys]` in float64, and where they are seen."""
    wide, keys = np.asarray(q, np.float64), _for_each(k, q.shape[2])
    scores = np.einsum("btnh,bsnh->bnts", wide, keys)
    seen = _visible(scores, masks, causal, window)
    return np.where(seen, scores, scores + lowered if lowered else LOWEST), seen


def _for_each(x: Any, heads: int) -> Any:
    """Keys or values, repeated for each head of the query that shares them."""
    return np.repeat(np.asarray(x, np.float64), heads // x.shape[2], 2)


def _weights(scores: Any) -> Any:
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _reference(
    q: Any, k: Any, v: Any, *masks: Any, part: str, causal: bool, window: int, lowered: float
) -> Any:
    scores, _ = _scored(q, k, masks, causal, window, lowered)
    if part == "sums":
        top = scores.max(-1)
        sums = np.exp(scores - top[..., None]).sum(-1)
        return rounded(np.stack([top, 1.0 / sums], 2), q, k)
    found = np.einsum("bnts,bsnh->btnh", _weights(scores), _for_each(v, q.shape[2]))
    return rounded(found, q, k, v)


def _gradient_reference(
    q: Any,
    k: Any,
    v: Any,
    sums: Any,
    delta: Any,
    grad: Any,
    *masks: Any,
    part: str,
    causal: bool,
    window: int,
    lowered: float,
) -> Any:
    scores, seen = _scored(q, k, masks, causal, window, lowered)
    wide, weights = np.asarray(grad, np.float64), _weights(scores)
    if part == "value":
        found = _shared(np.einsum("bnts,btnh->bsnh", weights, wide), v)
        return rounded(found, q, k, v, grad)
    slopes = np.einsum("btnh,bsnh->bnts", wide, _for_each(v, q.shape[2]))
    slopes = weights * (slopes - np.asarray(delta, np.float64)[..., None])
    slopes = slopes if lowered else np.where(seen, slopes, 0.0)
    if part == "query":
        found = np.einsum("bnts,bsnh->btnh", slopes, _for_each(k, q.shape[2]))
    else:
        found = _shared(np.einsum("bnts,btnh->bsnh", slopes, np.asarray(q, np.float64)), k)
    return rounded(found, q, k, v, grad, delta)


def _shared(found: Any, like: Any) -> Any:
    """The sum over heads of the query that share a head of `like`."""
    return found.reshape(*like.shape[:3], -1, like.shape[3]).sum(3)


# --- in other operations -----------------------------------------------------------------


def _stored_scores(
    node: Node, q: Value, k: Value, masks: Sequence[Value]
) -> tuple[Value, Value | None]:
    """The scores `[batch, heads, queries, keys]` that are left, and where they are seen."""
    scores = _product("btmgh,bsmh->bmgts", _grouped(q, k), k, q)
    seen = None
    for mask in masks:
        known = mask if mask.dtype == "bool" else mask > 0.5
        known = transpose(known, (0, 1, 3, 2))
        seen = known if seen is None else e.logical_and(seen, known)
    for known in _near(q.shape[1], k.shape[1], node):
        seen = known if seen is None else e.logical_and(seen, known)
    if seen is not None:
        amount = node.attrs["lowered"]
        lowered: Operand = scores + amount if amount else LOWEST
        scores = e.where(seen, scores, lowered)
    return scores, seen


def _near(queries: Size, keys: Size, node: Node) -> list[Value]:
    """Where keys are not after their query, and within the window."""
    causal, window = node.attrs["causal"], node.attrs["window"]
    if not (causal or window):
        return []
    if not (isinstance(queries, int) and isinstance(keys, int)):
        fail(
            "K0701",
            "a causal mask over an open dimension is not supported yet by this target",
            node.span,
            help="give the length, or build for the CPU",
        )
    place, found = index((1, keys)), []

    def column(first: int) -> Value:
        return array(np.arange(first, first + queries, dtype=np.float32)[:, None], "places")

    if causal:
        found.append(place <= column(0))
    if window:
        found += [place < column(window), place > column(-window)]
    return found


def _grouped(x: Value, keys: Value) -> Value:
    """What has the query's heads, by heads of the keys."""
    heads, size = keys.shape[2], x.shape[3]
    assert isinstance(heads, int) and isinstance(x.shape[2], int)
    return reshape(x, (*x.shape[:2], heads, x.shape[2] // heads, size))


def _by_key(x: Value, keys: Value) -> Value:
    """Scores, by heads of the keys."""
    heads, own = keys.shape[2], x.shape[1]
    assert isinstance(heads, int) and isinstance(own, int)
    return reshape(x, (x.shape[0], heads, own // heads, *x.shape[2:]))


def _product(equation: str, a: Value, b: Value, q: Value) -> Value:
    """A product by heads of the keys, as one with the query's heads."""
    y = einsum(equation, a, b)
    if equation.endswith("->bmgts"):
        return reshape(y, (y.shape[0], q.shape[2], *y.shape[3:]))
    return reshape(y, (*y.shape[:2], q.shape[2], y.shape[4]))


def _expand(node: Node, inputs: tuple[Value, ...]) -> Value:
    q, k, v, *masks = inputs
    scores, _ = _stored_scores(node, q, k, masks)
    if node.attrs["part"] == "sums":
        top = reduce_max(scores, -1)
        total = reduce_sum(e.exp(scores - reshape(top, (*top.shape, 1))), -1)
        shape = (*top.shape[:2], 1, top.shape[2])
        return concatenate([reshape(top, shape), reshape(1.0 / total, shape)], 2)
    return _product("bmgts,bsmh->btmgh", _by_key(softmax(scores), k), v, q)


def _expand_gradient(node: Node, inputs: tuple[Value, ...]) -> Value:
    q, k, v, _, delta, grad, *masks = inputs
    scores, seen = _stored_scores(node, q, k, masks)
    weights = softmax(scores)
    if node.attrs["part"] == "value":
        return einsum("bmgts,btmgh->bsmh", _by_key(weights, k), _grouped(grad, k))
    slopes = _product("btmgh,bsmh->bmgts", _grouped(grad, k), v, q)
    slopes = weights * (slopes - reshape(delta, (*delta.shape, 1)))
    if seen is not None and not node.attrs["lowered"]:
        slopes = e.where(seen, slopes, 0.0)
    if node.attrs["part"] == "query":
        return _product("bmgts,bsmh->btmgh", _by_key(slopes, k), k, q)
    return einsum("bmgts,btmgh->bsmh", _by_key(slopes, k), _grouped(q, k))


# --- the operations -----------------------------------------------------------------------


def _derivative(node: Node, grad: Value) -> list[Value | None]:
    q, k, v, *masks = node.inputs
    options = {name: node.attrs[name] for name in ("causal", "window", "lowered")}
    sums = apply("attention", q, k, v, *masks, part="sums", **options)
    delta = transpose(reduce_sum(grad * node.output, -1), (0, 2, 1))
    parts: list[Value | None] = [
        apply("attention_gradient", q, k, v, sums, delta, grad, *masks, part=part, **options)
        for part in ("query", "key", "value")
    ]
    return parts + [None] * len(masks)


def _flops(products: int, node: Node) -> int:
    """For a row of the batch; open lengths count once, as they do everywhere."""
    (_, queries, heads, size), keys = node.inputs[0].shape, node.inputs[1].shape[1]
    assert isinstance(size, int)
    total = products * 2 * size + 20
    for length in (queries, heads, keys):
        total *= length if isinstance(length, int) else 1
    return total


_PLAIN: dict[str, Any] = {"causal": False, "window": 0, "lowered": 0.0}
_RANDOM = np.random.default_rng(5)


def _mask(shape: tuple[int, ...]) -> Any:
    return (_RANDOM.uniform(size=shape) < 0.6).astype(np.float32)


_CASES: tuple[tuple[tuple[Any, ...], dict[str, Any]], ...] = (
    (((2, 3, 2, 4), (2, 5, 2, 4), (2, 5, 2, 3)), {}),
    (((1, 1, 1, 1), (1, 1, 1, 1), (1, 1, 1, 1)), {}),
    (((2, 19, 2, 17), (2, 19, 1, 17), (2, 19, 1, 33)), {"causal": True}),
    (((1, 70, 1, 3), (1, 70, 1, 3), (1, 70, 1, 2)), {"window": 4}),
    (((2, 5, 2, 3), (2, 7, 2, 3), (2, 7, 2, 3), _mask((2, 1, 7, 1)), _mask((2, 1, 1, 5))), {}),
    (((2, 5, 2, 3), (2, 7, 2, 3), (2, 7, 2, 3), _mask((1, 2, 7, 5))), {"lowered": -1e9}),
)


def _samples() -> tuple[Sample, ...]:
    found = []
    for part in ("values", "sums"):
        for shapes, options in _CASES:
            grad = (0, 1, 2) if part == "values" else ()
            found.append(Sample(shapes, {**_PLAIN, **options, "part": part}, grad=grad))
    return tuple(found)


def _gradient_samples() -> tuple[Sample, ...]:
    """With the sums that the queries and keys have, so that nothing can be varied alone."""
    found = []
    for shapes, options in _CASES:
        attrs = {**_PLAIN, **options}
        q, k, v = (_RANDOM.uniform(-2.0, 2.0, shape).astype(np.float32) for shape in shapes[:3])
        masks = shapes[3:]
        sums = _reference(q, k, v, *masks, part="sums", **attrs)
        grad = _RANDOM.uniform(-2.0, 2.0, (*q.shape[:3], v.shape[3])).astype(np.float32)
        y = _reference(q, k, v, *masks, part="values", **attrs)
        delta = np.ascontiguousarray((grad * y).sum(-1).transpose(0, 2, 1))
        arrays = (q, k, v, sums, delta, grad, *masks)
        for part in ("query", "key", "value"):
            found.append(Sample(arrays, {**attrs, "part": part}, grad=()))
    return tuple(found)


register(
    OpDef(
        "attention",
        _infer,
        _reference,
        _derivative,
        samples=_samples(),
        doc="softmax(q . k) . v for each head, or the largest score of each query and one over "
        "the sum of the exponentials of what all are less it.",
        expand=_expand,
        kernel="attend",
        shared=True,
        flops=lambda node: _flops(2, node),
    )
)
register(
    OpDef(
        "attention_gradient",
        _infer_gradient,
        _gradient_reference,
        samples=_gradient_samples(),
        doc="The gradient of attention for query, key or value, from those of what it gives.",
        expand=_expand_gradient,
        kernel="attend_gradient",
        shared=True,
        flops=lambda node: _flops(3, node),
    )
)


def attention(
    q: Value,
    k: Value,
    v: Value,
    masks: Sequence[Value] = (),
    *,
    causal: bool = False,
    window: int = 0,
    lowered: float = 0.0,
) -> Value:
    """softmax(q . k) . v for each head; the scores are never all in memory.

    Args:
        q: `[batch, queries, heads, size]`.
        k: `[batch, keys, heads, size]`; several heads of the query may share one of these.
        v: `[batch, keys, heads, size]`.
        masks: where queries see keys, `[batch, heads, keys, queries]` with ones for some of them.
        causal: whether queries see no key after them.
        window: less than how far away keys are seen, if not everywhere.
        lowered: what is added to scores of keys that are not seen; if 0, they count as so low that
            they matter to queries that see nothing only.
    """
    attrs: dict[str, Any] = {
        "part": "values",
        "causal": causal,
        "window": window,
        "lowered": lowered,
    }
    return apply("attention", q, k, v, *masks, **attrs)
