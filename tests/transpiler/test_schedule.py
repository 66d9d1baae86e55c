"""Groups, order, barriers, and memory: what the schedule promises the runtime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kgen import ops
from kgen.compiler import elaborate_text, lay_out
from kgen.fuse import Fusion
from kgen.graph import BATCH, Builder, Graph, Initializer, TensorType
from kgen.plan import pack, padded
from kgen.program import Buffer, Call, Program
from kgen.schedule import KernelTable

MODEL = """
model Mlp:
    input x: float32[20]
    output y = x |> Dense(64, activation="relu") |> Dropout(0.5) |> Dense(64, activation="relu")
        |> BatchNormalization() |> Dense(10, activation="softmax")
    train:
        optimizer = "adam"
        loss = "categorical_crossentropy"
        metrics = ["accuracy"]
"""


@pytest.fixture(scope="module")
def train() -> Program:
    (model,) = elaborate_text(MODEL, "mlp.k")
    program = lay_out(model, KernelTable()).train
    assert program is not None
    return program


def groups(graph: Graph) -> list[tuple[str, list[str]]]:
    fusion = Fusion(graph)
    return [(group.kind, [n.op.name for n in group.members]) for group in fusion.groups]


def test_a_dense_layer_is_one_kernel() -> None:
    with Builder() as builder:
        x = builder.input("x", TensorType("float32", (BATCH, 4)))
        w = builder.weight("w", (4, 8), Initializer("Zeros", {}))
        b = builder.weight("b", (8,), Initializer("Zeros", {}))
        y = ops.relu(ops.dot(x, w, contract=((1,), (0,))) + b)
        graph = builder.graph("g", {"y": y})
    assert groups(graph) == [("matmul", ["dot", "add", "relu"])]


def test_softmax_is_one_kernel_and_sums_over_rows_another() -> None:
    with Builder() as builder:
        x = builder.input("x", TensorType("float32", (BATCH, 4)))
        largest = ops.max(x, 1, keepdims=True)
        powers = ops.exp(x - largest)
        y = powers / ops.sum(powers, 1, keepdims=True)
        graph = builder.graph("g", {"y": y, "total": ops.sum(y, 0)})
    kinds = [kind for kind, _ in groups(graph)]
    assert kinds == ["rows", "columns"]


def test_calls_of_equal_kernels_share_one() -> None:
    text = """
model Deep:
    input x: float32[16]
    for _ in range(4):
        x = x |> Dense(16, activation="tanh")
    output y = x
"""
    (model,) = elaborate_text(text, "deep.k")
    program = lay_out(model, KernelTable()).predict
    assert len(program.calls) == 4
    assert len(program.kernels()) == 1


def test_every_value_is_written_before_it_is_read(train: Program) -> None:
    made = {feed.buffer for feed in train.feeds}
    for call in (*train.calls, *train.update):
        for buffer in call.reads:
            kept = buffer.space not in ("batch", "fixed")
            assert kept or buffer in made, f"{buffer.name} in {call.kernel.name}"
        made.update(call.writes)
    assert all(total in made for total in train.totals)


def conflict(a: Call, b: Call) -> bool:
    """Whether two calls touch the same memory, one of them writing, in different splits."""
    if a.by_batch and b.by_batch:
        shared = set(a.arguments) & set(b.arguments)
        other = [(x, y) for x in a.arguments for y in b.arguments if x is not y]
    else:
        shared = set()
        other = [(x, y) for x in a.arguments for y in b.arguments]
    for x, y in other:
        if (x in a.writes or y in b.writes) and x not in shared and overlap(x, y):
            return True
    return False


def overlap(x: Buffer, y: Buffer) -> bool:
    if x is y:
        return True
    if x.space != y.space or x.space not in ("batch", "fixed"):
        return False
    return x.offset < y.offset + y.size and y.offset < x.offset + x.size


def test_barriers_stand_between_all_conflicts(train: Program) -> None:
    """No two calls of one phase may touch the same memory in different splits."""
    calls = train.calls
    for position, later in enumerate(calls):
        for earlier in calls[:position]:
            if earlier.phase == later.phase:
                assert not conflict(earlier, later), (earlier.kernel.name, later.kernel.name)


def test_barriers_are_few() -> None:
    """Forward and backward run by rows: one barrier, for the gradients."""
    (model,) = elaborate_text(MODEL.replace("|> BatchNormalization() ", ""), "mlp.k")
    program = lay_out(model, KernelTable()).train
    assert program is not None
    assert sum(call.sync for call in program.calls) == 1


def test_missing_barriers_would_be_found(train: Program) -> None:
    """The check above fails if barriers are ignored."""
    calls = [replace(call, phase=0) for call in train.calls]
    found = any(conflict(earlier, later) for i, later in enumerate(calls) for earlier in calls[:i])
    assert found


@given(
    st.lists(
        st.tuples(st.integers(1, 50), st.integers(0, 6), st.integers(0, 3)), min_size=1, max_size=20
    )
)
def test_packing_never_overlaps_the_living(shapes: list[tuple[int, int, int]]) -> None:
    buffers = [
        Buffer(f"b{i}", "fixed", size, life=(first, first + length))
        for i, (size, first, length) in enumerate(shapes)
    ]
    total = pack(buffers)
    for i, a in enumerate(buffers):
        assert a.offset >= 0 and a.offset + padded(a) <= total
        for b in buffers[:i]:
            if a.life[0] <= b.life[1] and b.life[0] <= a.life[1]:
                assert not overlap(a, b)


def test_memory_is_used_again() -> None:
    assert pack([Buffer(f"b{i}", "fixed", 64, life=(i, i)) for i in range(10)]) == 64


@pytest.mark.parametrize(
    ("width", "has_blocks", "claims"), [(64, False, 3), (10, False, 0), (64, True, 0)]
)
def test_many_weights_are_claimed_before_they_are_written(
    width: int, has_blocks: bool, claims: int
) -> None:
    """Not few of them, nor by a GPU's warps: Adam overwrites weights, momentum and velocity."""
    (model,) = elaborate_text(MODEL.replace("64", str(width)), "mlp.k")
    program = lay_out(model, KernelTable(has_blocks=has_blocks)).train
    assert program is not None
    (update,) = (call for call in program.update if isinstance(call, Call))
    lines = [line for line in update.kernel.text.body if line.startswith("prefetch_write")]
    assert len(lines) == claims
    assert claims == 0 or any("(weights, 0, j + 16 * LANES, 1, 4)" in line for line in lines)


def test_a_norm_of_weights_of_which_one_is_a_number() -> None:
    """It is made once, before any gradient is replaced."""
    text = "model M:\n    input x: float32[6]\n    output y = x |> Dense(1)\n    train:\n"
    text += '        optimizer = SGD(0.1, global_clipnorm=0.5)\n        loss = "mse"\n'
    (model,) = elaborate_text(text, "mlp.k")
    program = lay_out(model, KernelTable()).train
    assert program is not None
    calls = [call for call in program.update if isinstance(call, Call)]
    last = next(place for place, call in enumerate(calls) if "d_dense/bias" in names(call.writes))
    assert all("d_dense/bias" not in names(call.reads) for call in calls[last + 1 : -1])


def test_averages_of_one_channel() -> None:
    """Old ones, which the correction needs, are read before new ones are written."""
    text = "model M:\n    input x: float32[4]\n"
    text += (
        '    output y = x |> Dense(1) |> BatchNormalization(renorm=True, name="n") |> Dense(1)\n'
    )
    (model,) = elaborate_text(text + '    train:\n        loss = "mse"\n', "m.k")
    program = lay_out(model, KernelTable()).train
    assert program is not None
    for path in ("n/renorm_mean", "n/renorm_stddev"):
        (place,) = (p for p, call in enumerate(program.calls) if path in names(call.writes))
        assert any(path in names(call.reads) for call in program.calls[:place])
        assert all(path not in names(call.reads) for call in program.calls[place + 1 :])


def names(buffers: Sequence[Buffer]) -> set[str]:
    return {buffer.name for buffer in buffers}


@pytest.mark.parametrize("layer", ["Attention()([x, x]", "AdditiveAttention()([x, x]"])
def test_sequences_of_one_step(layer: str) -> None:
    """A mask of what comes before has nothing to count there."""
    text = f"model M:\n    input x: float32[1, 3]\n    output y = {layer}, use_causal_mask=True)\n"
    (model,) = elaborate_text(text, "m.k")
    assert lay_out(model, KernelTable()).predict.calls
