"""Attention in several heads, each with projections of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Annotated, Any, TypeAlias

from kgen import ops
from kgen.graph import ShapeError, Size, Value
from kgen.layers.activations import in_range
from kgen.layers.attention import (
    FlashAttention,
    both,
    by_blocks,
    causal_mask,
    key_mask_of,
    masked_softmax,
    sliding_mask,
    turned_mask,
)
from kgen.layers.family import layer
from kgen.layers.function_kinds import OptionalPositiveInt, cast
from kgen.layers.kinds import (
    Bool,
    ConstraintArg,
    Fraction,
    InitializerArg,
    Integer,
    Maybe,
    OptionalT,
    PositiveInt,
    RegularizerArg,
    Seed,
    Several,
    T,
)
from kgen.layers.noise import dropout as drop
from kgen.layers.registry import Bound, Scope
from kgen.layers.regularizers import regularize_activity

_OptionalSizes: TypeAlias = Annotated[
    Any,
    Maybe(
        "a size, a list of sizes, or None",
        Several("sizes", Integer("a positive integer", low=1), or_one=True),
    ),
]
_OptionalAxes: TypeAlias = Annotated[
    Any, Maybe("axes or None", Several("axes", Integer("an axis"), or_one=True))
]


@dataclass(frozen=True)
class Projections:
    """Makes and applies the layers of projections, all with the same options.

    That of the query is scaled, which saves scaling the scores.
    """

    scope: Scope
    use_bias: bool
    kernel_initializer: Bound
    bias_initializer: Bound
    kernel_regularizer: Bound | None
    bias_regularizer: Bound | None
    activity_regularizer: Bound | None
    kernel_constraint: Bound | None
    bias_constraint: Bound | None
    scale: float

    def __call__(self, name: str, x: Value, sizes: Sequence[int], bound: int = 1) -> Value:
        """The last `bound` axes of x times a kernel, to axes of the given sizes."""
        lead = x.type.rank - bound
        own = tuple(size for size in x.shape[lead:] if isinstance(size, int))
        if len(own) < bound:
            raise ShapeError(f"the last axis of {x.type} has no known size")
        kernel = self.scope.weight(
            f"{name}/kernel",
            (*own, *sizes),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        # As one matrix, so that the bias is added while the product is in registers.
        inner, outer = prod(own), prod(sizes)
        matrix = ops.reshape(kernel, (inner, outer))
        rows = ops.reshape(ops.as_float(x), (*x.shape[:lead], inner))
        y = ops.dot(rows, matrix, contract=((lead,), (0,)))
        if self.use_bias:
            bias = self.scope.weight(
                f"{name}/bias",
                tuple(sizes),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
            y = y + ops.reshape(bias, (outer,))
        y = ops.sigmoid(y) if name == "gate" else y
        y = regularize_activity(self.scope, self.activity_regularizer, y)
        y = y * self.scale if name == "query" else y
        return ops.reshape(y, (*x.shape[:lead], *sizes))


@dataclass(frozen=True)
class Masks:
    """What masks a call: those of queries `[batch, queries]`, of keys, and of both together."""

    query: Value | None
    value: Value | None
    key: Value | None
    both: Value | None
    causal: bool
    window: int | None

    def merged(self, queries: Size, keys: Size) -> Value | None:
        """All as one, `[batch, queries, keys]` or what broadcasts to it."""
        mask = None if self.query is None else ops.expand_dims(cast(self.query, "bool"), -1)
        for other in (self.value, self.key):
            if other is not None:
                mask = both(mask, ops.expand_dims(cast(other, "bool"), -2))
        if self.causal:
            mask = both(mask, causal_mask(queries, keys))
        if self.window is not None:
            mask = both(mask, sliding_mask(queries, keys, self.window))
        return both(self.both, mask)

    def attend(self, q: Value, k: Value, v: Value) -> Value:
        """Attention by blocks, each mask on its own."""
        found = [key_mask_of(mask) for mask in (self.value, self.key) if mask is not None]
        if self.query is not None:
            shape = (self.query.shape[0], 1, 1, self.query.shape[1])
            found.append(ops.reshape(cast(self.query, "bool"), shape))
        heads = by_head(self.both, 4, 1)
        if heads is not None:
            found.append(turned_mask(heads))
        return ops.attention(q, k, v, found, causal=self.causal, window=self.window or 0)


def by_head(mask: Value | None, rank: int, axes: int) -> Value | None:
    """A mask with axes of size one for the heads, of the rank of the scores."""
    if mask is None:
        return None
    missing = rank - mask.type.rank
    if missing < 0:
        raise ShapeError(f"the mask {mask.type} has more axes than the scores")
    at = max(mask.type.rank - 2 * axes, 0)
    return ops.reshape(mask, (*mask.shape[:at], *[1] * missing, *mask.shape[at:]))


@layer("MultiHeadAttention")
def multi_head_attention(
    scope: Scope,
    query: Value,
    value: T,
    key: OptionalT = None,
    query_mask: OptionalT = None,
    value_mask: OptionalT = None,
    key_mask: OptionalT = None,
    attention_mask: OptionalT = None,
    return_attention_scores: Bool = False,
    use_causal_mask: Bool = False,
    *,
    num_heads: PositiveInt,
    key_dim: PositiveInt,
    value_dim: OptionalPositiveInt = None,
    dropout: Fraction = 0.0,
    use_bias: Bool = True,
    output_shape: _OptionalSizes = None,
    attention_axes: _OptionalAxes = None,
    sliding_window: OptionalPositiveInt = None,
    flash_attention: FlashAttention = None,
    kernel_initializer: InitializerArg = "glorot_uniform",
    bias_initializer: InitializerArg = "zeros",
    kernel_regularizer: RegularizerArg = None,
    bias_regularizer: RegularizerArg = None,
    activity_regularizer: RegularizerArg = None,
    kernel_constraint: ConstraintArg = None,
    bias_constraint: ConstraintArg = None,
    use_gate: Bool = False,
    seed: Seed = None,
) -> Value | list[Value]:
    """softmax(q . k^T / sqrt(key_dim)) . v in each head, heads joined by a last product.

    query `[batch, targets, n]`, value and key `[batch, sources, n]`, mask `[batch, targets,
    sources]`. Weights: query, key `[n, num_heads, key_dim]`, value `[n, num_heads, value_dim]`,
    attention_output `[num_heads, value_dim, *output_shape]`, each with its bias. With
    `attention_axes` several axes are attended over, and the others go together. Scores are
    stored, of each query and key, if they are returned, thinned out by `dropout`, or over several
    axes; otherwise memory grows with the lengths alone.
    """
    key = value if key is None else key
    ranks = {x.type.rank for x in (query, value, key)}
    if len(ranks) > 1 or min(ranks) < 3 or value.shape[1:-1] != key.shape[1:-1]:
        raise ShapeError(
            f"query {query.type}, value {value.type} and key {key.type} do not go together",
            help="each is [batch, length, size]; value and key have the same length",
        )
    project = Projections(
        scope,
        use_bias,
        kernel_initializer,
        bias_initializer,
        kernel_regularizer,
        bias_regularizer,
        activity_regularizer,
        kernel_constraint,
        bias_constraint,
        key_dim**-0.5,
    )
    query_mask = scope.mask_of(query) if query_mask is None else query_mask
    masks = Masks(query_mask, value_mask, key_mask, attention_mask, use_causal_mask, sliding_window)
    size = value_dim or key_dim
    q = project("query", query, (num_heads, key_dim))
    k = project("key", key, (num_heads, key_dim))
    v = project("value", value, (num_heads, size))
    gate = project("gate", query, (num_heads, size)) if use_gate else None
    equations = _equations(query, attention_axes)
    stored = return_attention_scores or dropout > 0.0 or query.type.rank > 3
    if not stored and by_blocks(q, k, v):
        context = masks.attend(q, k, v)
    else:
        mask = masks.merged(query.shape[1], value.shape[1])
        scores = ops.einsum(equations[0], q, k)
        count = equations[2]
        axes = tuple(range(scores.type.rank - count, scores.type.rank))
        found = by_head(mask, scores.type.rank, count)
        weights = masked_softmax(scores, found, axes)
        if found is not None and stored:
            weights = ops.where(cast(found, "bool"), weights, 0.0)
        context = ops.einsum(equations[1], drop(scope, weights, rate=dropout, seed=seed), v)
    context = context if gate is None else context * gate
    last = query.shape[-1]
    assert isinstance(last, int)
    outputs = last if output_shape is None else output_shape
    outputs = [outputs] if isinstance(outputs, int) else list(outputs)
    y = project("attention_output", context, outputs, bound=2)
    if scope.mask_of(query) is not None:
        assert query_mask is not None
        scope.set_mask(y, cast(query_mask, "bool"))
    return [y, weights] if return_attention_scores else y


def _equations(query: Value, attention_axes: Any) -> tuple[str, str, int]:
    """The equations of scores and context, and how many axes are attended over."""
    rank = query.type.rank
    given = range(1, rank - 1) if attention_axes is None else attention_axes
    given = [given] if isinstance(given, int) else given
    attended = sorted({in_range(query, axis) for axis in given})
    if not attended or attended[0] == 0 or attended[-1] == rank - 1:
        raise ShapeError(f"attention is over axes between the batch and the last, not {attended}")
    names = "bcdefg"[: rank - 1]
    sources = "uvwxyz"
    left = names
    right = "".join(
        sources[attended.index(axis)] if axis in attended else names[axis]
        for axis in range(rank - 1)
    )
    shared = "".join(names[axis] for axis in range(rank - 1) if axis not in attended)
    targets = "".join(names[axis] for axis in attended)
    seen = sources[: len(attended)]
    scores = f"{shared}N{targets}{seen}"
    return f"{left}Nk,{right}Nk->{scores}", f"{scores},{right}Nk->{left}Nk", len(attended)


@layer("GroupQueryAttention", "GroupedQueryAttention")
def group_query_attention(
    scope: Scope,
    query: Value,
    value: T,
    key: OptionalT = None,
    query_mask: OptionalT = None,
    value_mask: OptionalT = None,
    key_mask: OptionalT = None,
    attention_mask: OptionalT = None,
    return_attention_scores: Bool = False,
    use_causal_mask: Bool = False,
    *,
    head_dim: PositiveInt,
    num_query_heads: PositiveInt,
    num_key_value_heads: PositiveInt,
    dropout: Fraction = 0.0,
    use_bias: Bool = True,
    sliding_window: OptionalPositiveInt = None,
    flash_attention: FlashAttention = None,
    kernel_initializer: InitializerArg = "glorot_uniform",
    bias_initializer: InitializerArg = "zeros",
    kernel_regularizer: RegularizerArg = None,
    bias_regularizer: RegularizerArg = None,
    activity_regularizer: RegularizerArg = None,
    kernel_constraint: ConstraintArg = None,
    bias_constraint: ConstraintArg = None,
    use_gate: Bool = False,
    seed: Seed = None,
) -> Value | list[Value]:
    """As MultiHeadAttention, several heads of the query sharing one head of key and value.

    Weights: query `[n, num_query_heads, head_dim]`, key and value `[n, num_key_value_heads,
    head_dim]`, attention_output `[num_query_heads, head_dim, n]`, each with its bias.
    """
    key = value if key is None else key
    if any(x.type.rank != 3 for x in (query, value, key)) or value.shape[1] != key.shape[1]:
        raise ShapeError(
            f"query {query.type}, value {value.type} and key {key.type} do not go together",
            help="each is [batch, length, size]; value and key have the same length",
        )
    if num_query_heads % num_key_value_heads:
        scope.fail(
            f"{num_query_heads} heads of the query cannot share {num_key_value_heads} evenly",
            help="num_query_heads must be a multiple of num_key_value_heads",
        )
    project = Projections(
        scope,
        use_bias,
        kernel_initializer,
        bias_initializer,
        kernel_regularizer,
        bias_regularizer,
        activity_regularizer,
        kernel_constraint,
        bias_constraint,
        head_dim**-0.5,
    )
    query_mask = scope.mask_of(query) if query_mask is None else query_mask
    masks = Masks(query_mask, value_mask, key_mask, attention_mask, use_causal_mask, sliding_window)
    groups = num_query_heads // num_key_value_heads
    q = project("query", query, (num_query_heads, head_dim))
    k = project("key", key, (num_key_value_heads, head_dim))
    v = project("value", value, (num_key_value_heads, head_dim))
    gate = project("gate", query, (num_query_heads, head_dim)) if use_gate else None
    stored = return_attention_scores or dropout > 0.0
    if not stored and by_blocks(q, k, v):
        context = masks.attend(q, k, v)
    else:
        apart = ops.reshape(q, (*q.shape[:2], num_key_value_heads, groups, head_dim))
        scores = ops.einsum("btnrh,bsnh->bnrts", apart, k)
        scores = ops.reshape(scores, (scores.shape[0], num_query_heads, *scores.shape[3:]))
        heads = by_head(masks.merged(query.shape[1], value.shape[1]), 4, 1)
        weights = masked_softmax(scores, heads, (3,))
        if heads is not None and stored:
            weights = ops.where(cast(heads, "bool"), weights, 0.0)
        used = drop(scope, weights, rate=dropout, seed=seed)
        used = ops.reshape(used, (used.shape[0], num_key_value_heads, groups, *used.shape[2:]))
        context = ops.reshape(ops.einsum("bnrts,bsnh->btnrh", used, v), q.shape)
    context = context if gate is None else context * gate
    last = query.shape[-1]
    assert isinstance(last, int)
    y = project("attention_output", context, [last], bound=2)
    # Keras has the layer's own output twice: as that of its last product, and as its own.
    y = regularize_activity(scope, activity_regularizer, y)
    if return_attention_scores:
        regularize_activity(scope, activity_regularizer, weights)
    if scope.mask_of(query) is not None:
        assert query_mask is not None
        scope.set_mask(y, cast(query_mask, "bool"))
    return [y, weights] if return_attention_scores else y
