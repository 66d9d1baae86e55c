"""Attention: sums of values, weighed by how queries and keys agree."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import numpy as np
from kgen import ops
from kgen.graph import Operand, ShapeError, Size, Value
from kgen.layers.activations import softmax_over
from kgen.layers.family import function, layer
from kgen.layers.function_kinds import cast
from kgen.layers.kinds import (
    Bool,
    Choice,
    Fraction,
    Maybe,
    OnlyDefault,
    OnlyTensor,
    OptionalFloat,
    OptionalPositive,
    OptionalT,
    Seed,
    Several,
    T,
)
from kgen.layers.noise import dropout
from kgen.layers.registry import Scope, member

# Far below any score, and exact in float32.
_LARGE = -(2.0**127)
# What is added to scores of keys that are masked.
_LOWERED = -1e9
_OptionalMasks: TypeAlias = Annotated[
    Any,
    Maybe(
        "a list of masks, or None",
        Several("a list of masks", Maybe("a mask or None", OnlyTensor("a mask"))),
    ),
]
_ScoreMode: TypeAlias = Annotated[str, Choice('"dot" or "concat"', ("dot", "concat"))]
FlashAttention: TypeAlias = Annotated[bool | None, OnlyDefault("None", None)]


def causal_mask(queries: Size, keys: Size) -> Value:
    """True where a query may look at a key: not at what comes after it; `[queries, keys]`."""
    return _places(queries, 0) >= ops.index((1, _length(keys)))


def sliding_mask(queries: Size, keys: Size, window: int) -> Value:
    """True where query and key are less than `window` apart; `[queries, keys]`."""
    place = ops.index((1, _length(keys)))
    return ops.logical_and(_places(queries, window) > place, _places(queries, -window) < place)


def _length(size: Size) -> int:
    if not isinstance(size, int):
        raise ShapeError(f"a mask over the open dimension {size} is not supported")
    return size


def _places(size: Size, first: int) -> Value:
    """first, first + 1, ... down a column."""
    numbers = np.arange(first, first + _length(size), dtype=np.float32)
    return ops.array(numbers[:, None], "places")


def both(a: Value | None, b: Value | None) -> Value | None:
    """Where two masks hold; None holds everywhere."""
    if a is None or b is None:
        return b if a is None else a
    return ops.logical_and(cast(a, "bool"), cast(b, "bool"))


# Scores of one head that are stored; of more than these, none are: from here on blocks are faster.
_SHORT = 512
# The longest rows of a head that a block of is kept beside its scores.
_WIDE = 256


def by_blocks(q: Value, k: Value, v: Value) -> bool:
    """Whether to go over blocks of queries and keys, `[batch, length, heads, size]`, for memory."""
    sizes = [size for x in (q, k, v) for size in x.shape[2:]]
    if not all(isinstance(size, int) for size in sizes):
        return False
    if any(int(x.shape[3]) > _WIDE for x in (q, v)):  # type: ignore[arg-type]
        return False
    queries, keys = q.shape[1], k.shape[1]
    known = isinstance(queries, int) and isinstance(keys, int)
    return not known or queries * keys > _SHORT  # type: ignore[operator]


def turned_mask(mask: Value) -> Value:
    """A mask `[batch, heads, queries, keys]`, ones for some of them, by keys and then queries."""
    return ops.transpose(cast(mask, "bool"), (0, 1, 3, 2))


def key_mask_of(mask: Value) -> Value:
    """A mask `[batch, keys]` by keys."""
    return ops.reshape(cast(mask, "bool"), (mask.shape[0], 1, mask.shape[1], 1))


def masked_softmax(scores: Value, mask: Value | None, axes: tuple[int, ...]) -> Value:
    """softmax over some axes of what a mask leaves."""
    if mask is not None:
        scores = ops.where(cast(mask, "bool"), scores, _LARGE)
    return softmax_over(scores, axes)


# --- layers over lists of tensors --------------------------------------------------


def _inputs(xs: list[Value]) -> tuple[Value, Value, Value]:
    """query, value and key, each `[batch, length, size]`."""
    if len(xs) not in (2, 3):
        raise ShapeError(
            f"attention is applied to [query, value] or [query, value, key], found {len(xs)}"
        )
    query, value, *rest = (ops.as_float(x) for x in xs)
    key = rest[0] if rest else value
    if query.type.rank < 3 or len({x.type.rank for x in (query, value, key)}) > 1:
        listed = " and ".join(str(x.type) for x in xs)
        raise ShapeError(f"attention is over sequences [batch, length, size], found {listed}")
    if query.shape[-1] != key.shape[-1] or value.shape[:-1] != key.shape[:-1]:
        raise ShapeError(
            f"query {query.type}, value {value.type} and key {key.type} do not go together",
            help="query and key have the same size, value and key the same length",
        )
    return query, value, key


def _masks(scope: Scope, xs: list[Value], mask: Any) -> tuple[Value | None, Value | None]:
    """The masks of query and value: those given, else those the tensors carry."""
    if mask is None:
        return scope.mask_of(xs[0]), scope.mask_of(xs[1])
    if len(mask) not in (2, 3):
        raise ShapeError(f"attention takes [query mask, value mask], found {len(mask)} masks")
    return mask[0], mask[1]


def _attend(
    scope: Scope,
    scores: Value,
    value: Value,
    masks: tuple[Value | None, Value | None],
    causal: bool,
    rate: float,
    seed: int | None,
    return_scores: bool,
) -> Value | list[Value]:
    """softmax(scores) . value, with the masks of query and value."""
    query_mask, value_mask = masks
    mask = None if value_mask is None else ops.expand_dims(cast(value_mask, "bool"), -2)
    if causal:
        mask = both(mask, causal_mask(scores.shape[-2], scores.shape[-1]))
    if mask is not None:
        scores = ops.where(mask, scores, scores + _LOWERED)
    weights = ops.softmax(scores)
    used = dropout(scope, weights, rate=rate, seed=seed)
    lead = tuple(range(scores.type.rank - 2))
    last = scores.type.rank - 1
    y = ops.dot(used, value, contract=((last,), (last - 1,)), batch=(lead, lead))
    y = _without(scope, y, query_mask)
    return [y, used] if return_scores else y


def _without(scope: Scope, y: Value, query_mask: Value | None) -> Value:
    """The result without that of queries that do not count."""
    if query_mask is None:
        return y
    y = ops.where(ops.expand_dims(cast(query_mask, "bool"), -1), y, 0.0)
    scope.set_mask(y, query_mask)
    return y


def _one_head(x: Value) -> Value:
    """A sequence as one of a single head."""
    return ops.reshape(x, (*x.shape[:2], 1, x.shape[2]))


@layer("Attention", inputs="many", minimum=2)
def attention(
    scope: Scope,
    xs: list[Value],
    mask: _OptionalMasks = None,
    return_attention_scores: Bool = False,
    use_causal_mask: Bool = False,
    *,
    use_scale: Bool = False,
    score_mode: _ScoreMode = "dot",
    dropout: Fraction = 0.0,
    seed: Seed = None,
) -> Value | list[Value]:
    """softmax(query . key^T) . value; lists are [query, value] or [query, value, key].

    `score_mode="concat"` scores by the sum of tanh(query + key) instead. `mask` is
    [query mask, value mask], each `[batch, length]`. Scores "dot" of sequences are stored only if
    they are returned or, in training, thinned out by `dropout`.
    """
    query, value, key = _inputs(xs)
    scale = scope.weight("scale", (), member("initializer", "Ones")) if use_scale else None
    heads = [_one_head(x) for x in (query, key, value)] if query.type.rank == 3 else []
    stored = score_mode != "dot" or return_attention_scores or (dropout > 0 and scope.training)
    if heads and not stored and by_blocks(heads[0], heads[1], heads[2]):
        q = heads[0] if scale is None else heads[0] * scale
        query_mask, value_mask = _masks(scope, xs, mask)
        y = ops.attention(
            q,
            heads[1],
            heads[2],
            [] if value_mask is None else [key_mask_of(value_mask)],
            causal=use_causal_mask,
            lowered=0.0 if value_mask is None else _LOWERED,
        )
        return _without(scope, ops.reshape(y, (*query.shape[:2], value.shape[2])), query_mask)
    if score_mode == "dot":
        lead = tuple(range(query.type.rank - 2))
        last = query.type.rank - 1
        scores = ops.dot(query, key, contract=((last,), (last,)), batch=(lead, lead))
        scores = scores if scale is None else scores * scale
    else:
        weight = scope.weight("concat_score_weight", (), member("initializer", "Ones"))
        total = ops.expand_dims(query, -2) + ops.expand_dims(key, -3)
        total = total if scale is None else total * scale
        scores = weight * ops.sum(ops.tanh(total), -1)
    options = _masks(scope, xs, mask), use_causal_mask, dropout, seed, return_attention_scores
    return _attend(scope, scores, value, *options)


@layer("AdditiveAttention", inputs="many", minimum=2)
def additive_attention(
    scope: Scope,
    xs: list[Value],
    mask: _OptionalMasks = None,
    return_attention_scores: Bool = False,
    use_causal_mask: Bool = False,
    *,
    use_scale: Bool = True,
    dropout: Fraction = 0.0,
    seed: Seed = None,
) -> Value | list[Value]:
    """softmax of the sum of scale * tanh(query + key), times value; scale `[size]`."""
    query, value, key = _inputs(xs)
    total = ops.tanh(ops.expand_dims(query, -2) + ops.expand_dims(key, -3))
    if use_scale:
        size = query.shape[-1]
        if not isinstance(size, int):
            raise ShapeError(f"the last axis of {query.type} has no known size")
        total = scope.weight("scale", (size,), member("initializer", "GlorotUniform")) * total
    options = _masks(scope, xs, mask), use_causal_mask, dropout, seed, return_attention_scores
    return _attend(scope, ops.sum(total, -1), value, *options)


# --- the tensor function ------------------------------------------------------------


@function("dot_product_attention")
def dot_product_attention(
    query: T,
    key: T,
    value: T,
    bias: OptionalT = None,
    mask: OptionalT = None,
    scale: OptionalFloat = None,
    is_causal: Bool = False,
    flash_attention: FlashAttention = None,
    attn_logits_soft_cap: OptionalPositive = None,
) -> Value:
    """softmax(scale * query . key^T + bias) . value for each head.

    query `[batch, targets, heads, size]`, key and value `[batch, sources, heads, size]`; bias
    and mask `[batch, heads, targets, sources]`, or what broadcasts to it.
    """
    if any(x.type.rank != 4 for x in (query, key, value)):
        raise ShapeError(f"heads of sequences [batch, length, heads, size], found {query.type}")
    size = query.shape[-1]
    assert isinstance(size, int)
    factor: Operand = size**-0.5 if scale is None else scale
    groups = _groups(query.shape[2], key.shape[2])
    query = ops.as_float(query)
    plain = bias is None and attn_logits_soft_cap is None
    if plain and (mask is None or mask.type.rank == 4) and by_blocks(query, key, value):
        masks = [] if mask is None else [turned_mask(mask)]
        key, value = ops.as_float(key), ops.as_float(value)
        return ops.attention(query * factor, key, value, masks, causal=is_causal)
    if groups > 1:
        key, value = (ops.repeat(x, (1, 1, groups, 1)) for x in (key, value))
    scores = ops.einsum("btnh,bsnh->bnts", query * factor, key)
    if attn_logits_soft_cap is not None:
        scores = ops.tanh(scores / attn_logits_soft_cap) * attn_logits_soft_cap
    scores = scores if bias is None else scores + bias
    if is_causal:
        mask = both(mask, causal_mask(query.shape[1], key.shape[1]))
    return ops.einsum("bnts,bsnh->btnh", masked_softmax(scores, mask, (3,)), value)


def _groups(queries: Size, keys: Size) -> int:
    """How many heads of the query share one of the key."""
    if isinstance(queries, int) and isinstance(keys, int) and queries % keys == 0:
        return queries // keys
    raise ShapeError(f"{queries} heads of the query cannot share {keys} of the key")
