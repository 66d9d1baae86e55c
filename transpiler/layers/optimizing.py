"""From an optimizer's rule to the graphs that update the weights.

What changes from step to step is computed by `kgen.runtime.optimizers` and fed as
scalars. An update is up to four graphs, one after another, as in Keras 3's
`BaseOptimizer.apply`: gradients are accumulated and clipped, the rule is applied
(after weight decay), the moving average follows, and constraints come last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from math import prod
from typing import Any, TypeAlias, cast

from kgen import ops
from kgen.graph import Builder, Graph, TensorType, Value
from kgen.layers.activations import clip
from kgen.layers.registry import ArgumentProblem, Bound
from kgen.model import Described, OptimizerInfo, padded

Slots: TypeAlias = Mapping[str, Value]
Shape: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """What an update sweeps: one weight, or (no path) the flat buffer of all of them."""

    path: str
    shape: Shape

    def name(self, buffer: str) -> str:
        """The name of the part's share of a buffer."""
        return f"{buffer}:{self.path}" if self.path else buffer


Update: TypeAlias = Callable[[Value, Value, Slots, Slots, Part], tuple[Value, dict[str, Value]]]


def _same(part: Part, slot: str) -> Shape | None:
    return part.shape


@dataclass(frozen=True)
class Rule:
    """An optimizer with its arguments.

    `slots` is its state by name with the start value, `scalars` what the runtime
    feeds each step; `update(weights, gradients, slots, scalars, part)` gives the new
    weights and slots. A rule that is not `elementwise` is applied to each weight by
    itself; `shapes` then tells a slot's shape (None if the weight has no need of it).
    A rule that does its own `decay` subtracts the weight decay itself. The slots that
    `copies` names start as the weights, before any decay, where the scalar `first` is 1.
    """

    slots: Mapping[str, float]
    scalars: tuple[str, ...]
    update: Update
    elementwise: bool = True
    decays: bool = False
    shapes: Callable[[Part, str], Shape | None] = _same
    copies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Options:
    """The arguments that every optimizer has."""

    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_overwrite_frequency: int | None
    gradient_accumulation_steps: int | None

    @staticmethod
    def of(bound: Bound) -> Options:
        """Those of an optimizer.

        Raises:
            ArgumentProblem: two ways to clip.
        """
        given = bound.arguments
        clips = [name for name in ("clipnorm", "clipvalue", "global_clipnorm") if given[name]]
        if len(clips) > 1:
            raise ArgumentProblem(
                f"{bound.name} is given both {clips[0]} and {clips[1]}",
                "gradients are clipped in one way: keep one of them",
                argument=clips[1],
            )
        return Options(
            given["weight_decay"],
            given["clipnorm"],
            given["clipvalue"],
            given["global_clipnorm"],
            given["use_ema"],
            given["ema_overwrite_frequency"],
            given["gradient_accumulation_steps"],
        )


class Stage:
    """One graph of an update while it is made: buffers in, buffers out."""

    def __init__(self) -> None:
        self.builder = Builder()
        self.outputs: dict[str, Value] = {}
        self._scalars: dict[str, Value] = {}

    def read(self, part: Part, buffer: str, shape: Shape | None = None) -> Value:
        """A part of a buffer, as it was before."""
        name = part.name(buffer)
        found = self.builder.inputs.get(name)
        wanted = part.shape if shape is None else shape
        return found or self.builder.input(name, TensorType("float32", wanted))

    def write(self, part: Part, buffer: str, value: Value) -> None:
        """What a part of a buffer becomes."""
        self.outputs[part.name(buffer)] = value

    def scalar(self, name: str) -> Value:
        """A figure of the step."""
        if name not in self._scalars:
            self._scalars[name] = ops.scalar_input(name)
        return self._scalars[name]

    def graph(self, name: str) -> Graph:
        return self.builder.graph(name, self.outputs)


def optimizer_info(
    bound: Bound,
    weights: Mapping[str, Shape],
    constrain: Mapping[str, Callable[[Value], Value]] | None = None,
) -> OptimizerInfo:
    """The optimizer of a model.

    Args:
        bound: the optimizer with its arguments.
        weights: the shapes of the trainable weights by path, in their order.
        constrain: what makes a weight's new value satisfy its constraint, by path.
    """
    options = Options.of(bound)
    rule = cast(Rule, bound.definition.function(**_declared(bound)))
    each = [Part(path, shape) for path, shape in weights.items()]

    def updates(floats: int) -> tuple[Graph, ...]:
        whole = [Part("", (floats,))]
        stages = []
        if options.gradient_accumulation_steps:
            stages.append(_accumulating(whole, options.gradient_accumulation_steps))
        if options.clipnorm or options.global_clipnorm:
            stages.append(_clipping(each, options))
        stages.append(_applying(rule, options, whole if rule.elementwise else each))
        if options.use_ema:
            stages.append(_averaging(whole, options))
        if constrain:
            held = [part for part in each if part.path in constrain]
            stages.append(_constraining(held, constrain))
        return tuple(stages)

    usual = updates(sum(padded(prod(shape)) for shape in weights.values()))
    named = {name.partition(":")[2] for graph in usual for name in graph.inputs}
    slots = {**rule.slots}
    slots |= {"accumulated_gradient": 0.0} if options.gradient_accumulation_steps else {}
    slots |= {"average": 0.0} if options.use_ema else {}
    scalars = [*rule.scalars]
    scalars += ["decay"] if options.weight_decay is not None and not rule.decays else []
    scalars += ["apply"] if options.gradient_accumulation_steps else []
    scalars += ["ema_momentum"] if options.use_ema else []
    scalars += ["overwrite"] if options.use_ema and options.ema_overwrite_frequency else []
    return OptimizerInfo(described(bound), slots, tuple(scalars), updates, frozenset(named - {""}))


def _accumulating(parts: Iterable[Part], steps: int) -> Graph:
    """gradients become the mean of `steps` batches when it is time to apply them."""
    stage = Stage()
    with stage.builder:
        for part in parts:
            total = stage.read(part, "gradients") + stage.read(part, "accumulated_gradient")
            kept = ops.where(stage.scalar("apply") > 0.5, 0.0, total)
            stage.write(part, "accumulated_gradient", kept)
            stage.write(part, "gradients", total / float(steps))
        return stage.graph("accumulate")


def _clipping(parts: Iterable[Part], options: Options) -> Graph:
    """Gradients whose norm, each weight's own or that of all, is held to a bound."""
    stage = Stage()
    with stage.builder:
        squares = {p: ops.sum(ops.square(stage.read(p, "gradients"))) for p in parts}
        if options.global_clipnorm:
            bound = options.global_clipnorm
            norm = ops.sqrt(reduce(ops.add, squares.values()))
            norms = dict.fromkeys(squares, norm)
        else:
            bound = cast(float, options.clipnorm)
            norms = {part: ops.sqrt(square) for part, square in squares.items()}
        for part, norm in norms.items():
            scale = bound / ops.maximum(norm, bound)
            stage.write(part, "gradients", stage.read(part, "gradients") * scale)
        return stage.graph("clip")


def _applying(rule: Rule, options: Options, parts: Iterable[Part]) -> Graph:
    """The rule itself, after weight decay; nothing changes while gradients accumulate."""
    stage = Stage()
    with stage.builder:
        scalars = {name: stage.scalar(name) for name in rule.scalars}
        for part in parts:
            w, g = stage.read(part, "weights"), stage.read(part, "gradients")
            shapes = {name: rule.shapes(part, name) for name in rule.slots}
            slots = {n: stage.read(part, n, s) for n, s in shapes.items() if s is not None}
            for name in rule.copies:
                slots[name] = ops.where(stage.scalar("first") > 0.5, w, slots[name])
            if options.clipvalue:
                g = clip(g, -options.clipvalue, options.clipvalue)
            decayed = w
            if options.weight_decay is not None and not rule.decays:
                decayed = w - w * stage.scalar("decay")
            new, state = rule.update(decayed, g, slots, scalars, part)
            for name, value, old in [
                ("weights", new, w),
                *((name, value, slots[name]) for name, value in state.items()),
            ]:
                if options.gradient_accumulation_steps:
                    value = ops.where(stage.scalar("apply") > 0.5, value, old)
                stage.write(part, name, value)
        return stage.graph("update")


def _averaging(parts: Iterable[Part], options: Options) -> Graph:
    """The moving average of the weights, which now and then takes their place."""
    stage = Stage()
    with stage.builder:
        momentum = stage.scalar("ema_momentum")
        for part in parts:
            w = stage.read(part, "weights")
            average = momentum * stage.read(part, "average") + (1.0 - momentum) * w
            stage.write(part, "average", average)
            if options.ema_overwrite_frequency:
                new = ops.where(stage.scalar("overwrite") > 0.5, average, w)
                stage.write(part, "weights", new)
        return stage.graph("average")


def _constraining(
    parts: Iterable[Part], constrain: Mapping[str, Callable[[Value], Value]]
) -> Graph:
    stage = Stage()
    with stage.builder:
        for part in parts:
            stage.write(part, "weights", constrain[part.path](stage.read(part, "weights")))
        return stage.graph("constrain")


def _declared(bound: Bound) -> dict[str, Any]:
    return {k: v for k, v in bound.arguments.items() if k not in bound.definition.common}


def described(bound: Bound) -> Described:
    """The runtime's description: the learning rate, and what differs from the defaults."""
    args = {
        param.name: _plain(value)
        for param in bound.definition.params
        if param.name != "name"
        and ((value := bound.arguments[param.name]) != param.default or "rate" in param.name)
    }
    return Described(bound.name, args)


def _plain(value: Any) -> Any:
    if isinstance(value, Bound):
        return described(value)
    return list(value) if isinstance(value, tuple) else value
