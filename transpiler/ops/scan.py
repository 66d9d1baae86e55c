"""A loop over time as one node: its body is a graph of its own, applied to each step in turn.

    %scan = scan(%x, %start, %u, loop=Loop(...))
    %h = scan_output(%scan, kind=stack, key=h)       [batch, time, ...]: h of every step
    %end = scan_output(%scan, kind=last, key=state)  [batch, ...]: a carry after the last step

Sequences are `[batch, time, ...]`. At position p of the loop the body sees index p of each, or
index time - 1 - p of those that are `flipped`; stacks are written likewise.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from kgen.graph import (
    Attrs,
    Builder,
    Graph,
    Node,
    OpDef,
    Shape,
    Size,
    TensorType,
    Value,
    apply,
    constant,
    current,
    register,
)


@dataclass(frozen=True, eq=False, repr=False)
class Loop:
    """The body of a scan, and how its inputs and outputs meet the outside.

    The body's inputs are, in the order of the scan's: steps of sequences, carries, invariants.
    Its outputs hold the new value of carry `c` as `next_of(c)`, and the stacks by key;
    while `stacks` is None every value of the body is a stack by its name.
    """

    body: Graph
    sequences: tuple[bool, ...]  # whether each is flipped
    carries: int
    length: Size
    stacks: tuple[tuple[str, bool], ...] | None = None  # key, and whether it is flipped

    @property
    def names(self) -> tuple[str, ...]:
        """The body's inputs."""
        return tuple(self.body.inputs)

    @property
    def carried(self) -> tuple[str, ...]:
        """The carries among the inputs."""
        return self.names[len(self.sequences) : len(self.sequences) + self.carries]

    @property
    def invariants(self) -> tuple[str, ...]:
        """The inputs that are the same at every step."""
        return self.names[len(self.sequences) + self.carries :]

    def __str__(self) -> str:
        roles = [f"step of %{n}" for n in self.names[: len(self.sequences)]]
        roles += [f"carry %{name}" for name in self.carried]
        text = str(self.body).rstrip("\n").replace("\n", "\n    ")
        return f"over {self.length} steps ({', '.join(roles)}):\n    {text}\n   "


def next_of(carry: str) -> str:
    """The key of a carry's new value among the body's outputs."""
    return f"next {carry}"


def stack_key(key: str, flipped: bool) -> str:
    """The key of a stack among the body's outputs."""
    return f"{key} flipped" if flipped else key


def step_type(sequence: TensorType) -> TensorType:
    """What the body sees of a sequence."""
    return TensorType(sequence.dtype, (sequence.shape[0], *sequence.shape[2:]))


def _infer(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    loop: Loop = attrs["loop"]
    for position, (found, value) in enumerate(zip(inputs, loop.body.inputs.values(), strict=True)):
        given = step_type(found) if position < len(loop.sequences) else found
        assert given == value.type, f"%{value.name} is {value.type}, given {given}"
    for carry in loop.carried:
        after = loop.body.outputs[next_of(carry)].type
        assert after == loop.body.inputs[carry].type, f"{carry} becomes {after}"
    return TensorType("scan", ())


def _reference(*arrays: Any, loop: Loop) -> Any:
    """The last carries by (`last`, name), the stacks by (key, whether flipped)."""
    from kgen.interpret import interpret

    count = len(loop.sequences)
    steps = arrays[0].shape[1]
    feeds = dict(zip(loop.names, arrays, strict=True))
    whole = [feeds[name] for name in loop.names[:count]]
    found: dict[tuple[str, bool], list[Any]] = {}
    for p in range(steps):
        for name, flipped, array in zip(loop.names, loop.sequences, whole, strict=False):
            feeds[name] = array[:, steps - 1 - p if flipped else p]
        done = interpret(loop.body, feeds)
        if loop.stacks is None:
            values = {value.name: value for value in done}
            keys = [(name, flipped) for name in values for flipped in (False, True)]
        else:
            keys = list(loop.stacks)
            values = {key: loop.body.outputs[stack_key(key, flipped)] for key, flipped in keys}
        for key in keys:
            found.setdefault(key, []).append(done[values[key[0]]])
        for carry in loop.carried:
            feeds[carry] = done[loop.body.outputs[next_of(carry)]]
    results: dict[Any, Any] = {
        key: parts[::-1] if key[1] else parts for key, parts in found.items()
    }
    return results | {("last", name): feeds[name] for name in loop.carried}


def _projected(scan: Any, kind: str, key: str, flipped: bool, **_: Any) -> Any:
    results = scan.item()
    if kind == "last":
        return results["last", key]
    return np.stack(results[key, flipped], axis=1)


def _output_type(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    return TensorType(attrs["dtype"], tuple(attrs["shape"]))


register(OpDef("scan", _infer, _reference, kernel="scan", doc="A loop over time."))
register(
    OpDef(
        "scan_output",
        _output_type,
        _projected,
        kernel="scan",
        doc="The last value of a carry, or a value of the body at every step.",
    )
)


def stack_of(scan: Value, value: Value, *, flipped: bool = False, name: str = "") -> Value:
    """A value of the body at every step, `[batch, time, ...]`."""
    loop: Loop = scan.node.attrs["loop"]
    shape = (value.shape[0], loop.length, *value.shape[1:])
    return _output(scan, "stack", value.name, flipped, shape, value.dtype, name)


def last_of(scan: Value, carry: str, *, name: str = "") -> Value:
    """A carry after the last step."""
    type_ = scan.node.attrs["loop"].body.inputs[carry].type
    return _output(scan, "last", carry, False, type_.shape, type_.dtype, name)


def _output(
    scan: Value, kind: str, key: str, flipped: bool, shape: Shape, dtype: str, name: str
) -> Value:
    attrs = {"kind": kind, "key": key, "flipped": flipped, "shape": shape, "dtype": dtype}
    return apply("scan_output", scan, hint=name, **attrs)


def mirrored(x: Value) -> Value:
    """A sequence `[batch, time, ...]` with its steps in reverse order."""
    node = x.node
    if node.op.name == "scan_output" and node.attrs["kind"] == "stack":
        attrs = {**node.attrs, "flipped": not node.attrs["flipped"]}
        return current().add(node.op, node.inputs, attrs)
    done = scan(lambda parts, _: ([apply("copy", parts[0])], []), [x], [], outputs_flipped=True)
    return done.outputs[0]


def readers(graph: Graph) -> dict[Value, list[Node]]:
    """The nodes that take each value."""
    found: dict[Value, list[Node]] = {}
    for node in graph.nodes:
        for value in node.inputs:
            found.setdefault(value, []).append(node)
    return found


def steps_lie_together(
    sequence: Value, users: Mapping[Value, Sequence[Node]], results: Collection[Value]
) -> bool:
    """Whether only loops write and read a sequence, so that its steps may lie one after another."""
    return (
        sequence.node.op.name == "scan_output"
        and sequence not in results
        and all(_reads_steps(user, sequence) for user in users.get(sequence, ()))
    )


def _reads_steps(user: Node, sequence: Value) -> bool:
    """Whether a node is a loop that reads a sequence step by step, and not otherwise."""
    if user.op.name != "scan":
        return False
    loop: Loop = user.attrs["loop"]
    return sequence not in user.inputs[len(loop.sequences) :]


# --- building -------------------------------------------------------------------


class BodyBuilder(Builder):
    """Builds the body of a scan: weights are made outside, where they belong."""

    def __init__(self, outside: Builder) -> None:
        super().__init__()
        self.outside = outside
        self.span = outside.span
        self.prefix = outside.prefix
        self.weights = outside.weights

    def weight(self, *args: Any, **options: Any) -> Value:
        return self.outside.weight(*args, **options)


Step = Callable[[Sequence[Value], Sequence[Value]], tuple[Sequence[Value], Sequence[Value]]]


@dataclass(frozen=True)
class Scanned:
    """The outputs of every step, `[batch, time, ...]`, and outputs and carries of the last."""

    outputs: list[Value]
    last: list[Value]
    carries: list[Value]


def scan(
    step: Step,
    sequences: Sequence[Value],
    carries: Sequence[Value],
    *,
    flipped: bool = False,
    outputs_flipped: bool | None = None,
) -> Scanned:
    """Apply `step` to each index of axis 1 of the sequences, in order.

    Values from outside that the step uses become invariants of the loop.

    Args:
        step: from the sequences' parts at an index, each `[batch, ...]`, and the carries to the
            step's outputs and the new carries, whose types are the old ones'. It may have no
            random nodes: every step would draw the same.
        sequences: at least one, `[batch, time, ...]`.
        carries: what the first step gets.
        flipped: whether to begin with the last index.
        outputs_flipped: whether the first step's outputs are put last; as `flipped` if None.
    """
    outside = current()
    with BodyBuilder(outside) as inside:
        parts = [declare(inside, f"{v.name}_step", step_type(v.type)) for v in sequences]
        states = [declare(inside, f"{v.name}_before", v.type) for v in carries]
        outputs, after = step(parts, states)
        outputs = [_own(inside, value) for value in outputs]
        after = [_own(inside, value) for value in after]
        starts = list(carries)
        for output in outputs:
            if output not in after:
                states = [*states, declare(inside, f"{output.name}_before", output.type)]
                after.append(output)
                with outside:
                    starts.append(apply("broadcast_to", constant(0.0), shape=output.shape))
    results = {next_of(state.node.attrs["name"]): v for state, v in zip(states, after, strict=True)}
    results |= {f"output {k}": value for k, value in enumerate(outputs)}
    body, captured = close(inside, results)
    loop = Loop(body, (flipped,) * len(sequences), len(states), sequences[0].shape[1])
    node = make(loop, [*sequences, *starts, *captured])
    turned = flipped if outputs_flipped is None else outputs_flipped
    made = [body.outputs[f"output {k}"] for k in range(len(outputs))]
    lasts = [last_of(node, state.node.attrs["name"]) for state in states]
    return Scanned(
        [stack_of(node, value, flipped=turned) for value in made],
        [lasts[after.index(output)] for output in outputs],
        lasts[: len(carries)],
    )


def make(loop: Loop, inputs: Sequence[Value], name: str = "") -> Value:
    """The node of a loop."""
    return apply("scan", *inputs, hint=name, loop=loop)


def declare(builder: Builder, hint: str, type_: TensorType) -> Value:
    """An input of a body, called `hint` or the like."""
    taken = {node.output.name for node in builder.nodes}
    numbered = (f"{hint}_{number}" for number in itertools.count(1))
    name = next(name for name in itertools.chain([hint], numbered) if name not in taken)
    return builder.input(name, type_)


def _own(builder: Builder, value: Value) -> Value:
    """A value from outside as one of the body's."""
    return value if value.node in builder.nodes else apply("copy", value)


def close(inside: Builder, outputs: Mapping[str, Value]) -> tuple[Graph, list[Value]]:
    """The body's graph, and the outer values it uses, which become its last inputs.

    Nodes that only depend on outer values are left outside.
    """
    copying = _Closing(inside)
    for node in inside.nodes:
        if node.output in copying.varying and node.op.name != "input":
            copying.inner(node.output)
    found = {key: copying.inner(value) for key, value in outputs.items()}
    body = copying.builder.graph("step", found)
    return replace(body, weights={}), list(copying.captured)


class _Closing:
    """Copies a body's nodes: those that vary from step to step, the others outside."""

    def __init__(self, inside: Builder) -> None:
        self.outside = current()
        self.builder = BodyBuilder(self.outside)
        self.nodes = set(inside.nodes)
        self.varying: set[Value] = set()
        self.inside: dict[Value, Value] = {}
        self.captured: dict[Value, Value] = {}
        self.moved: dict[Value, Value] = {}
        for name, value in inside.inputs.items():
            self.inside[value] = self.builder.input(name, value.type)
            self.varying.add(value)
        for node in inside.nodes:
            if any(value in self.varying for value in node.inputs):
                self.varying.add(node.output)

    def inner(self, value: Value) -> Value:
        """What stands for a value in the body."""
        if value in self.inside:
            return self.inside[value]
        if value in self.varying or _is_literal(value):
            node = value.node
            inputs = tuple(self.inner(one) for one in node.inputs)
            self.inside[value] = self.builder.add(
                node.op, inputs, node.attrs, name=value.name, span=node.span
            )
        else:
            outer = self.outer(value)
            if outer not in self.captured:
                self.captured[outer] = declare(self.builder, outer.name, outer.type)
            self.inside[value] = self.captured[outer]
        return self.inside[value]

    def outer(self, value: Value) -> Value:
        """What stands outside for a value that does not vary."""
        if value.node not in self.nodes:
            return value
        if value not in self.moved:
            node = value.node
            inputs = tuple(self.outer(one) for one in node.inputs)
            self.moved[value] = self.outside.add(
                node.op, inputs, node.attrs, name=value.name, span=node.span
            )
        return self.moved[value]


def _is_literal(value: Value) -> bool:
    """Whether a value is known in the text of a kernel, wherever it is used."""
    node = value.node
    repeated = node.op.name == "broadcast_to" and _is_literal(node.inputs[0])
    return repeated or node.op.name in ("constant", "index")
