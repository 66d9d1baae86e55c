"""Each pass: what it changes, and that the values stay what they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from kgen import ops
from kgen.graph import (
    BATCH,
    OPS,
    Builder,
    Dim,
    Graph,
    Initializer,
    Metric,
    ShapeError,
    TensorType,
    Value,
    apply,
)
from kgen.interpret import interpret
from kgen.passes import PASSES
from kgen.passes.border import border
from kgen.passes.differentiate import differentiate, gradients
from kgen.passes.distinct import distinct
from kgen.passes.loops import hoist, trim, with_bodies
from kgen.passes.lower import lower
from kgen.passes.mask import mask
from kgen.passes.narrow import narrow
from kgen.passes.panel import panel
from kgen.passes.part import part
from kgen.passes.pin import pin
from kgen.passes.pooled import pooled
from kgen.passes.simplify import simplify
from kgen.passes.sink import sink
from kgen.passes.turn import turn
from kgen.passes.winograd import winograd
from kgen.rewrite import verify

ZEROS = Initializer("Zeros", {})


def matrix(builder: Builder, name: str = "x", *shape: int) -> Value:
    return builder.input(name, TensorType("float32", (BATCH, *shape)))


def names(graph: Graph) -> list[str]:
    return [node.op.name for node in graph.nodes]


def outputs(graph: Graph, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    values = interpret(graph, feeds)
    return {name: values[value] for name, value in graph.outputs.items()}


def feeds(graph: Graph, rows: int = 3) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    found: dict[str, np.ndarray] = {}
    for name, value in graph.inputs.items():
        shape = [rows if size == BATCH else size for size in value.shape]
        found[name] = rng.standard_normal(shape).astype(np.float32)
    for path, weight in graph.weights.items():
        found[path] = rng.standard_normal(weight.shape).astype(np.float32)
    return found


def test_simplify_drops_what_changes_nothing() -> None:
    with Builder() as builder:
        x = matrix(builder, "x", 4)
        graph = builder.graph("g", {"y": ops.multiply(-(-(x + 0.0) / 1.0), 1.0) - 0.0})
    simple = simplify(graph)
    assert names(simple) == ["input"]
    assert simple.outputs["y"] is simple.inputs["x"]


def test_simplify_keeps_products_with_zero() -> None:
    with Builder() as builder:
        x = matrix(builder, "x", 4)
        graph = simplify(builder.graph("g", {"y": x * 0.0}))
    given = np.array([[np.nan, np.inf, 1.0, -1.0]], np.float32)
    assert np.isnan(outputs(graph, {"x": given})["y"][0, :2]).all()


def test_simplify_folds_and_shares() -> None:
    with Builder() as builder:
        x = matrix(builder, "x", 4)
        two = ops.constant(2.0) * ops.constant(3.0)
        graph = builder.graph("g", {"y": ops.exp(x * two) + ops.exp(x * 6.0)})
    simple = simplify(graph)
    assert names(simple).count("exp") == 1
    assert names(simple).count("multiply") == 1
    given = feeds(graph)
    np.testing.assert_array_equal(outputs(simple, given)["y"], outputs(graph, given)["y"])


def test_simplify_lets_operations_broadcast_by_themselves() -> None:
    with Builder() as builder:
        x = matrix(builder, "x", 4)
        row = builder.weight("w", (4,), ZEROS)
        wide = ops.broadcast_to(row, (BATCH, 4))
        graph = simplify(builder.graph("g", {"y": x + wide}))
    assert "broadcast_to" not in names(graph)


def test_differentiate_gives_zeros_for_what_the_loss_does_not_need() -> None:
    with Builder() as builder:
        x = matrix(builder, "x", 2)
        used = builder.weight("used", (2,), ZEROS)
        builder.weight("unused", (3,), ZEROS)
        builder.weight("frozen", (2,), ZEROS, trainable=False)
        graph = builder.graph("g", {}, loss=ops.sum(x * used))
    after = differentiate(graph)
    verify(after)
    assert sorted(after.gradients) == ["unused", "used"]
    given = feeds(graph)
    values = interpret(after, given)
    np.testing.assert_array_equal(values[after.gradients["unused"]], np.zeros(3))
    np.testing.assert_allclose(values[after.gradients["used"]], given["x"].sum(0), rtol=1e-6)


def test_gradients_nest() -> None:
    """d/dx of sum((d/dx sum(x^3))^2) is 36 x^3."""
    with Builder() as builder:
        x = matrix(builder, "x", 2)
        (first,) = gradients(ops.sum(x * x * x), [x])
        (second,) = gradients(ops.sum(ops.square(first)), [x])
        graph = builder.graph("g", {"y": second})
    given = feeds(graph)
    wide = given["x"].astype(np.float64)
    np.testing.assert_allclose(outputs(graph, given)["y"], 36 * wide**3, rtol=1e-5)


def test_nothing_flows_through_stop_gradient() -> None:
    with Builder() as builder:
        x = matrix(builder, "x", 2)
        w = builder.weight("w", (2,), ZEROS)
        graph = builder.graph("g", {}, loss=ops.sum(ops.stop_gradient(x * w) * w))
    after = differentiate(graph)
    given = feeds(graph)
    expected = (given["x"] * given["w"]).sum(0)
    got = interpret(after, given)[after.gradients["w"]]
    np.testing.assert_allclose(got, expected, rtol=1e-5)


@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("name", ["sum", "max", "min"])
def test_lower_leaves_reductions_over_adjacent_axes(
    axes: tuple[int, ...], keepdims: bool, name: str
) -> None:
    with Builder() as builder:
        x = matrix(builder, "x", 3, 4)
        graph = builder.graph("g", {"y": OPS_REDUCE[name](x, axes, keepdims)})
    low = lower(graph)
    verify(low)
    for node in low.nodes:
        if node.op.name == name:
            reduced = node.attrs["axes"]
            assert reduced == tuple(range(reduced[0], reduced[-1] + 1))
            assert BATCH not in node.inputs[0].shape or 0 not in reduced or len(reduced) == 1
    given = feeds(graph)
    got, expected = outputs(low, given)["y"], outputs(graph, given)["y"]
    # Summing in two steps rounds twice more than in one.
    np.testing.assert_allclose(got, expected, rtol=0, atol=4 * np.finfo(np.float32).eps * 36)


OPS_REDUCE = {"sum": ops.sum, "max": ops.max, "min": ops.min}


@pytest.mark.parametrize("sample", OPS["dot"].samples, ids=lambda s: str(s.attrs["contract"]))
def test_lower_brings_products_to_the_forms_with_kernels(sample: object) -> None:
    shapes = sample.shapes  # type: ignore[attr-defined]
    attrs = sample.attrs  # type: ignore[attr-defined]
    with Builder() as builder:
        a = builder.input("a", TensorType("float32", shapes[0]))
        b = builder.input("b", TensorType("float32", shapes[1]))
        graph = builder.graph("g", {"y": ops.dot(a, b, **attrs)})
    low = lower(graph)
    verify(low)
    for node in low.nodes:
        if node.op.name == "dot":
            (ca, cb), (ba, _) = node.attrs["contract"], node.attrs["batch"]
            rows_by_columns = ca == (node.inputs[0].type.rank - 1,) and cb == (len(ba),)
            assert rows_by_columns or ca == cb == tuple(range(len(ca)))
    given = feeds(graph)
    np.testing.assert_allclose(
        outputs(low, given)["y"], outputs(graph, given)["y"], rtol=1e-6, atol=1e-6
    )


def test_padding_that_convolutions_read_is_left_out() -> None:
    steps = {"strides": (1, 1), "dilation": (1, 1)}
    with Builder() as builder:
        x = builder.input("x", TensorType("float32", (BATCH, 7, 9, 2)))
        w = builder.weight("w", (3, 3, 2, 3), ZEROS)
        alone, shared = ops.pad(x, [0, 1, 2, 0], [0, 1, 0, 0]), ops.pad(x, [0] * 4, [0, 2, 2, 0])
        y = ops.conv(alone, w, *steps.values())
        d = apply("conv_filter", alone, y, taps=(3, 3), **steps)
        z = ops.conv(shared, w, *steps.values())
        outputs_of = {"y": y, "z": z, "d": d * ops.sum(x), "p": shared}
        graph = builder.graph("g", outputs_of)
    after = border(part(graph))
    verify(after)
    assert names(after).count("pad") == 1
    given = feeds(graph)
    for name, value in outputs(graph, given).items():
        np.testing.assert_allclose(outputs(after, given)[name], value, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("width", "apart"), [(40, True), (800, False)])
def test_small_gradients_are_summed_by_threads(width: int, apart: bool) -> None:
    with Builder() as builder:
        x = matrix(builder, "x", width)
        w = builder.weight("w", (width, 60), ZEROS)
        b = builder.weight("b", (60,), ZEROS)
        y = ops.dot(x, w, contract=((1,), (0,))) + b
        graph = simplify(lower(differentiate(builder.graph("g", {}, loss=ops.mean(y * y)))))
    after = part(graph)
    verify(after)
    assert ("dot_parts" in names(after)) == ("sum_parts" in names(after)) == apart
    given = feeds(graph)
    before, now = interpret(graph, given), interpret(after, given)
    for path, value in graph.gradients.items():
        found = now[after.gradients[path]]
        np.testing.assert_allclose(found, before[value], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("steps", "width", "apart"),
    [(64, 256, True), (Dim("time"), 256, True), (8, 256, False), (64, 1100, False)],
)
def test_gradients_smaller_than_sequences_are_summed_by_threads(
    steps: int | Dim, width: int, apart: bool
) -> None:
    """Where 256 by 256 weights meet 64 steps, not 8, and up to a size."""
    with Builder() as builder:
        x = builder.input("x", TensorType("float32", (BATCH, steps, width)))
        w = builder.weight("w", (width, 256), ZEROS)
        y = ops.dot(x, w, contract=((2,), (0,)))
        graph = simplify(lower(differentiate(builder.graph("g", {}, loss=ops.mean(y * y)))))
    after = part(graph)
    verify(after)
    assert ("dot_parts" in names(after)) == apart


@pytest.mark.parametrize(("units", "looped"), [(64, False), (64, True), (60, False)])
def test_rows_that_are_looked_up_again_are_multiplied_once(units: int, looped: bool) -> None:
    with Builder() as builder:
        numbers = builder.input("numbers", TensorType("int32", (BATCH, 5)))
        table = builder.weight("table", (7, 256), ZEROS)
        w = builder.weight("w", (256, units), ZEROS)
        b = builder.weight("b", (units,), ZEROS)
        y = ops.dot(ops.gather_rows(table, numbers), w, contract=((2,), (0,))) + b
        if looped:

            def step(parts: Sequence[Value], before: Sequence[Value]) -> tuple[list[Value], ...]:
                after = ops.tanh(parts[0] + before[0])
                return [after], [after]

            start = ops.broadcast_to(ops.constant(0.0), (BATCH, units))
            y = ops.scan(step, [y], [start]).last[0]
        graph = builder.graph("g", {"y": y}, loss=ops.mean(y * y))
    plain, after = differentiate(graph), sink(trim(differentiate(distinct(graph))))
    verify(after)
    assert ("distinct_rows" in names(after)) == (units == 64)
    bodies = [n.attrs["loop"].body for n in after.nodes if n.op.name == "scan"]
    assert ["gather_rows" in names(body) for body in bodies] == [True, False][: len(bodies)]
    numbers_given = np.array([[0, 3, 3, 9, -1], [6, 3, 1, 1, 0], [6, 6, 6, 6, 6]], np.int32)
    given = {**feeds(graph), "numbers": numbers_given}
    before, now = interpret(plain, given), interpret(after, given)
    for name, value in plain.outputs.items():
        np.testing.assert_array_equal(now[after.outputs[name]], before[value])
    for path, value in plain.gradients.items():
        np.testing.assert_allclose(
            now[after.gradients[path]], before[value], rtol=1e-4, atol=1e-5, err_msg=path
        )


@pytest.mark.parametrize(("units", "laid"), [(128, True), (120, False), (32, False)])
def test_loops_that_train_read_large_matrices_from_panels(units: int, laid: bool) -> None:
    with Builder() as builder:
        x = matrix(builder, "x", 3, units)
        w = builder.weight("w", (units, units), ZEROS)
        start = ops.broadcast_to(ops.constant(0.0), (BATCH, units))

        def step(parts: Sequence[Value], before: Sequence[Value]) -> tuple[list[Value], ...]:
            after = ops.tanh(parts[0] + ops.dot(before[0], w, contract=((1,), (0,))))
            return [after], [after]

        done = ops.scan(step, [x], [start])
        graph = trim(differentiate(builder.graph("g", {}, loss=ops.mean(done.outputs[0]))))
    plain = with_bodies(lower)(graph)
    after = hoist(panel(plain))
    verify(after)
    bodies = [n.attrs["loop"].body for n in after.nodes if n.op.name == "scan"]
    assert ["dot_panels" in names(body) for body in bodies] == [laid, laid]
    assert all("transpose" not in names(body) for body in bodies)
    given = feeds(graph)
    before, now = interpret(plain, given), interpret(after, given)
    found = now[after.gradients["w"]]
    np.testing.assert_allclose(found, before[plain.gradients["w"]], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("inner", "cols", "again", "fits"),
    [
        (200, 130, False, True),
        (3, 2, False, True),
        (200, 130, True, False),  # the transpose is made anyway
        (5000, 2, False, False),  # a panel that no thread has room for
    ],
)
def test_products_turn_matrices_over(inner: int, cols: int, again: bool, fits: bool) -> None:
    with Builder() as builder:
        x = matrix(builder, "x", inner)
        turned = ops.transpose(builder.weight("w", (cols, inner), ZEROS), (1, 0))
        outputs = {"y": ops.dot(x, turned, contract=((1,), (0,)))}
        if again:
            outputs["z"] = ops.broadcast_to(ops.sum(turned, 0, keepdims=True), (BATCH, cols))
        graph = builder.graph("g", outputs)
    after = turn(graph)
    verify(after)
    assert ("dot_turned" in names(after)) == fits
    assert ("transpose" in names(after)) != fits
    given = feeds(graph)
    before, now = (interpret(g, given)[g.outputs["y"]] for g in (graph, after))
    np.testing.assert_allclose(now, before, rtol=1e-6)


def test_padded_convolutions_have_gradients_of_the_cells_that_count() -> None:
    """Nothing is left of the padding, and `lower` crops what its whole strides are too much."""
    with Builder() as builder:
        x = matrix(builder, "x", 7, 10, 4)
        scale = builder.weight("scale", (7, 10, 4), ZEROS)
        w = builder.weight("w", (2, 3, 4, 5), ZEROS)
        wide = ops.pad(x * scale, [0, 0, 1, 0], [0, 1, 1, 0])
        loss = ops.mean(ops.square(ops.conv(wide, w, (2, 3), (1, 1))))
        graph = differentiate(builder.graph("g", {}, loss=loss))
    narrowed = narrow(graph)
    assert "slice" in names(graph) and "slice" not in names(narrowed)
    after = narrowed
    for one in PASSES[PASSES.index(next(p for p in PASSES if p.__name__ == "lower")) :]:
        after = one(after)
        verify(after)
    (node,) = [n for n in after.nodes if n.op.name == "conv_transpose"]
    assert node.output.shape[1:3] == (7, 12)
    given = feeds(graph)
    before, now = interpret(graph, given), interpret(after, given)
    found, expected = now[after.gradients["scale"]], before[graph.gradients["scale"]]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("factor", "read_off"), [(1.25, True), (0.5, False)])
def test_what_a_dropout_left_tells_which_elements_pass_gradients(
    factor: float, read_off: bool
) -> None:
    with Builder() as builder:
        x, drawn, weights = (matrix(builder, name, 6) for name in ("x", "drawn", "weights"))
        shift = builder.weight("shift", (6,), ZEROS)
        left = ops.where(drawn >= 0.2, ops.relu(x + shift) * factor, 0.0)
        graph = builder.graph("g", {}, loss=ops.sum(left * weights))
    plain = simplify(lower(differentiate(simplify(graph))))
    after = mask(plain)
    verify(after)
    draws = [node for node in after.nodes if node.op.name == "greater_equal"]
    wheres = [node for node in after.nodes if node.op.name == "where"]
    assert len(draws) == 1
    assert sum(node.inputs[0] is draws[0].output for node in wheres) == (1 if read_off else 2)
    given = feeds(graph, rows=40)
    for name, special in zip(("x", "weights"), (np.nan, np.inf), strict=True):
        given[name][::5, 1], given[name][::7, 4] = special, 0.0
    before, now = interpret(plain, given), interpret(after, given)
    found, expected = now[after.gradients["shift"]], before[plain.gradients["shift"]]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("strides", [(2, 2), (1, 2)])
def test_windows_tell_which_of_their_elements_pass_gradients(strides: tuple[int, int]) -> None:
    """Of a ReLU that only a pooling reads, windows that overlap and others; no other result."""
    window = {"window": (2, 3), "strides": strides, "low": (0, 1), "high": (1, 1)}
    with Builder() as builder:
        x = matrix(builder, "x", 5, 6, 4)
        shift = builder.weight("shift", (4,), ZEROS)
        y = ops.relu(x + shift)
        largest = ops.pool(y, "max", **window)
        dropped = ops.where(matrix(builder, "drawn", *largest.shape[1:]) > 0.0, largest * 1.5, 0.0)
        weights = matrix(builder, "weights", *largest.shape[1:])
        graph = builder.graph("g", {}, loss=ops.sum(dropped * weights))
        other = builder.graph("g", {}, loss=ops.sum(dropped * weights) + ops.sum(ops.square(y)))
    for one, is_changed in ((graph, True), (other, False)):
        plain = simplify(lower(differentiate(simplify(one))))
        after = pooled(plain)
        verify(after)
        signs = [node.output.shape for node in after.nodes if node.op.name == "greater"]
        assert (y.shape in signs) != is_changed
        assert mask(after).nodes != after.nodes or not is_changed
        given = feeds(one, rows=9)
        given["x"][::5, 1:3, 1, :2] = np.nan
        given["x"][1::4] = np.round(given["x"][1::4])  # many are equal, and zero
        before, now = interpret(plain, given), interpret(after, given)
        found, expected = now[after.gradients["shift"]], before[plain.gradients["shift"]]
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=0.0)
        assert np.isfinite(expected[2:]).all() and np.abs(expected).max() > 0


def test_pin_gives_results_buffers_of_their_own() -> None:
    with Builder() as builder:
        x = matrix(builder, "x", 2)
        rows = ops.batch_size(x)
        total = ops.sum(x)
        metrics = [Metric("a", (total, rows)), Metric("b", (total, rows))]
        graph = builder.graph("g", {"x": x, "again": x}, metrics=metrics)
    pinned = pin(graph)
    verify(pinned)
    assert pinned.outputs["x"] is not pinned.outputs["again"]
    assert pinned.outputs["x"].node.op.name == "copy"
    first, second = pinned.metrics
    assert first.totals[0] is not second.totals[0]
    assert first.totals[1].node.op.name == "copy"


def test_all_passes_keep_the_values() -> None:
    with Builder() as builder:
        x = matrix(builder, "x", 5)
        w = builder.weight("w", (5, 3), ZEROS)
        logits = ops.dot(x, w, contract=((1,), (0,)))
        graph = builder.graph(
            "g", {"p": ops.softmax(logits)}, loss=ops.mean(ops.log_softmax(logits))
        )
    before = outputs(graph, feeds(graph))["p"]
    after = graph
    for one in PASSES:
        after = one(after)
        verify(after)
    got = outputs(after, feeds(graph))["p"]
    np.testing.assert_allclose(got, before, rtol=8 * np.finfo(np.float32).eps)
    assert "softmax" not in names(after)


def test_verify_finds_a_value_used_too_early() -> None:
    with Builder() as builder:
        x = matrix(builder, "x", 2)
        graph = builder.graph("g", {"y": ops.exp(x) + 1.0})
    broken = Graph(
        graph.name, tuple(reversed(graph.nodes)), graph.inputs, graph.outputs, graph.weights
    )
    with pytest.raises(AssertionError, match="before it is made"):
        verify(broken)


def test_shape_rules_explain() -> None:
    with pytest.raises(ShapeError, match="cannot be combined"):
        OPS["add"].infer([TensorType("float32", (3,)), TensorType("float32", (4,))], {})


@pytest.mark.parametrize(
    ("shape", "cols", "attrs", "fits"),
    [
        ((18, 10, 32), 48, {}, True),
        ((8, 8, 32), 32, {"before": (1, 1), "behind": (1, 1)}, True),
        ((12, 12, 33), 32, {}, True),
        ((34, 100), 64, {}, True),
        ((16, 32), 128, {"before": (2,), "behind": (0,)}, True),
        ((17, 64), 64, {}, False),  # an odd position
        ((16, 64), 64, {}, False),  # few
        ((17, 10, 32), 48, {}, False),  # an odd line is left over
        ((8, 8, 32), 48, {}, False),  # few positions
        ((18, 10, 16), 48, {}, False),  # few channels
        ((18, 10, 256), 256, {}, False),  # sums of taps that no cache holds
        ((18, 10, 32), 48, {"dilation": (2, 1)}, False),
        ((19, 11, 32), 48, {"strides": (2, 2)}, False),
    ],
)
def test_convolutions_by_fewer_products(
    shape: tuple[int, ...], cols: int, attrs: dict[str, Any], fits: bool
) -> None:
    """Winograd's products give what the convolution gives, and zeros and NaNs stay in place."""
    with Builder() as builder:
        x = matrix(builder, "x", *shape)
        rank = len(shape) - 1
        w = builder.weight("w", (*(3,) * rank, shape[-1], cols), ZEROS)
        steps = {"strides": (1,) * rank, "dilation": (1,) * rank}
        y = builder.add(OPS["conv"], (x, w), steps | attrs)
        graph = builder.graph("g", {"y": y})
    after = winograd(graph)
    verify(after)
    assert ("winograd" in names(after)) == fits
    given = {key: value.astype(np.float64) for key, value in feeds(graph).items()}
    given["x"][:, :5] = 0.0
    given["x"][(0, 7, 5)[: rank + 1]] = np.nan
    before, now = (interpret(g, given)[g.outputs["y"]] for g in (graph, after))
    # Of each channel 16 products, and eight roundings on the way to each and from it.
    near = 16 * 8 * shape[-1] * np.finfo(np.float64).eps * np.nanmax(abs(before))
    np.testing.assert_allclose(now, before, rtol=0.0, atol=near)
    np.testing.assert_array_equal(now == 0, before == 0)


@pytest.mark.parametrize(
    ("shape", "cols", "attrs", "fits"),
    [
        ((18, 10, 32), 48, {}, True),
        ((8, 8, 32), 32, {"before": (1, 1), "behind": (1, 1)}, True),
        ((20, 100), 64, {}, True),
        ((31, 36), 32, {"before": (2,), "behind": (1,)}, True),
        ((17, 10, 32), 48, {}, False),  # an odd line is left over
        ((18, 10, 128), 128, {}, False),  # sums that a thread has no room for
        ((20, 100), 40, {}, False),  # not whole vectors
        ((23, 64), 64, {"dilation": (2,)}, False),
    ],
)
def test_gradients_for_kernels_by_fewer_products(
    shape: tuple[int, ...], cols: int, attrs: dict[str, Any], fits: bool
) -> None:
    rank = len(shape) - 1
    given = {"taps": (3,) * rank, "strides": (1,) * rank, "dilation": (1,) * rank} | attrs
    border = [given.get(name, (0,) * rank) for name in ("before", "behind")]
    reach = [2 * by for by in given["dilation"]]
    positions = [
        size + low + high - far for size, low, high, far in zip(shape, *border, reach, strict=False)
    ]
    with Builder() as builder:
        x, grad = matrix(builder, "x", *shape), matrix(builder, "grad", *positions, cols)
        parts = builder.add(OPS["filter_parts"], (x, grad), given)
        graph = builder.graph("g", {"y": ops.sum(parts, (0,))})
    after = winograd(graph)
    verify(after)
    assert ("winograd_filter" in names(after)) == fits
    inputs = {key: value.astype(np.float64) for key, value in feeds(graph).items()}
    before, now = (interpret(g, inputs)[g.outputs["y"]] for g in (graph, after))
    # As many products as there are pairs, and eight roundings on the way to each and from it.
    near = 4**rank * 8 * 3 * np.prod(positions) * np.finfo(np.float64).eps * np.abs(before).max()
    np.testing.assert_allclose(now, before, rtol=0.0, atol=near)
