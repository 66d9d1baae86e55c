"""What layers and tensor functions see while they are applied: the registry's `Scope`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from kgen.buildtime import Arguments
from kgen.diagnostics import Diagnostic, KgenError, Span, fail
from kgen.graph import Shape, TensorType, Value, current
from kgen.layers.initializers import describe_initializer
from kgen.layers.registry import Bound, LayerInstance
from kgen.limits import check_nodes, check_sizes, check_tensor
from kgen.run import Run
from kgen.values import AnyLayer, Layer, LayerChain, ModelLayer

_SHAPES = "shapes are known at build time; Reshape, Flatten or another size may mend this"


@dataclass(eq=False)
class LayerScope:
    """What a layer sees while it is applied; the registry's `Scope`."""

    run: Run
    layer: Layer
    span: Span

    @property
    def training(self) -> bool:
        return self.run.training

    def weight(
        self,
        name: str,
        shape: tuple[int, ...],
        initializer: Bound,
        *,
        regularizer: Bound | None = None,
        constraint: Bound | None = None,
        trainable: bool = True,
    ) -> Value:
        """The layer's weight of this name, with the updates earlier calls made to it."""
        path = f"{self.layer.path}/{name}"
        made = self.layer.weights.get(name)
        if made is None:
            check_tensor(f"the weight {path}", shape, self.span)
            if not trainable:
                self.layer.untrained.add(name)
            trainable = trainable and self.layer.trainable
            made = self.run.builder.weight(
                path, shape, describe_initializer(initializer, shape), trainable=trainable
            )
            self.layer.weights[name] = made
            self.run.paths[made] = path
            if regularizer is not None and trainable:
                self.run.penalties.append((regularizer, made))
            if constraint is not None and trainable:
                self.run.constraints[path] = constraint, self.span
        elif made.shape != shape:
            listed = [", ".join(map(str, s)) for s in (made.shape, shape)]
            self.fail(
                f"the shared layer {self.layer.name} has {name} [{listed[0]}], "
                f"this call needs [{listed[1]}]",
                help="all calls of one layer must have the same size on the axes its weights "
                f"see; make a second {self.layer.kind} layer for the other size",
            )
        return self.run.updates.get(path, made)

    @property
    def batch(self) -> int | None:
        return self.run.batch

    def state(self, name: str, shape: tuple[int, ...]) -> Value:
        """The layer's state of this name, with the updates earlier calls made to it."""
        path = f"{self.layer.path}/{name}"
        made = self.layer.states.get(name)
        if made is None:
            check_tensor(f"the state {path}", (self.run.batch or 1, *shape), self.span)
            made = self.run.builder.state(path, shape)
            self.layer.states[name] = made
            self.run.paths[made] = path
        return self.run.updates.get(path, made)

    def assign(self, weight: Value, new: Value) -> None:
        """Record a weight's new value; a later call in the same step continues from it."""
        path = self.run.paths[weight]
        self.run.updates[path] = new
        self.run.assigned.setdefault(path, []).append(new)
        self.run.paths[new] = path

    def stream(self) -> int:
        """A new number for each random node, the same in every build of a file."""
        self.run.streams += 1
        return self.run.streams - 1

    def add_loss(self, value: Value) -> None:
        self.run.losses.append(value)

    def sublayer(
        self, inner: LayerInstance, name: str | None = None, *, below: str = "", **changes: Any
    ) -> LayerInstance:
        """The layer below this one's path; with a `name`, a copy with weights of its own."""
        assert isinstance(inner, Layer | LayerChain | ModelLayer)
        prefix = f"{self.layer.path}/{below}"
        if name is None:
            found: AnyLayer = inner
            adopt(inner, prefix)
        else:
            if name not in self.layer.inner:
                self.layer.inner[name] = changed(copied(inner, name, prefix), changes)
            found = self.layer.inner[name]
        if not self.layer.trainable:
            freeze(found)
        return found

    def call(self, inner: LayerInstance, inputs: Any, **arguments: Any) -> Any:
        """Apply another layer; arguments that are None are left out."""
        given = {name: value for name, value in arguments.items() if value is not None}
        return self.run.apply(inner, Arguments(self.span, [inputs], given))

    def inside(self, inner: LayerInstance, shape: Shape | None = None) -> LayerScope:
        """What a layer that this one is made of sees, though it is not applied by itself."""
        assert isinstance(inner, Layer)
        if shape is not None:
            self.run.layers.setdefault(inner.path, inner)
            inner.place = inner.place or self.layer.place or self.run.place
            inner.shapes.append(TensorType("float32", shape))
        inner.calls += 1
        return LayerScope(self.run, inner, self.span)

    def call_in_loop(self, inner: LayerInstance, inputs: Value, **arguments: Any) -> Any:
        """Apply a layer to one step, in the body of a loop, which nothing but its results leaves.

        Raises:
            KgenError: the layer draws random numbers, or changes states or the loss.
        """
        before, losses = dict(self.run.updates), len(self.run.losses)
        first = len(current().nodes)
        result = self.call(inner, inputs, **arguments)
        drawn = [n for n in current().nodes[first:] if n.op.name.startswith("random_")]
        if drawn or before != self.run.updates or losses < len(self.run.losses):
            found = "draws random numbers" if drawn else "changes states, or adds to the loss"
            self.fail(
                f"a cell does the same at every step, but {inner.name} {found}",
                help="leave that to layers before and after the recurrent one",
            )
        return result

    def call_for_steps(self, inner: LayerInstance, inputs: Any, steps: Value | float) -> Any:
        """Apply another layer, and take it back (None) if it has changed weights or states.

        What it adds to the loss counts `steps` times: it is the mean of what each step adds.
        """
        run = self.run
        updates, losses, results = dict(run.updates), len(run.losses), len(run.results)
        assigned = {path: list(values) for path, values in run.assigned.items()}
        result = self.call(inner, inputs)
        if run.updates == updates:
            run.losses[losses:] = [loss * steps for loss in run.losses[losses:]]
            return result
        run.updates, run.assigned = updates, assigned
        del run.losses[losses:], run.results[results:]
        return None

    def mask_of(self, value: Value) -> Value | None:
        return self.run.masks.get(value)

    def set_mask(self, value: Value, mask: Value) -> None:
        self.run.masks[value] = mask

    def fail(self, message: str, *, help: str = "", notes: Iterable[str] = ()) -> NoReturn:
        fail("K0402", message, self.span, help=help, notes=notes)


@dataclass(eq=False)
class FunctionScope:
    """The registry's `Scope` for tensor functions: they have no weights."""

    run: Run
    span: Span

    @property
    def training(self) -> bool:
        return self.run.training

    def weight(self, name: str, shape: tuple[int, ...], initializer: Bound, **_: Any) -> Value:
        raise AssertionError("tensor functions have no weights")

    @property
    def batch(self) -> int | None:
        return self.run.batch

    def state(self, name: str, shape: tuple[int, ...]) -> Value:
        raise AssertionError("tensor functions have no states")

    def assign(self, weight: Value, new: Value) -> None:
        raise AssertionError("tensor functions have no weights")

    def stream(self) -> int:
        self.run.streams += 1
        return self.run.streams - 1

    def add_loss(self, value: Value) -> None:
        self.run.losses.append(value)

    def sublayer(
        self, inner: LayerInstance, name: str | None = None, *, below: str = "", **changes: Any
    ) -> LayerInstance:
        raise AssertionError("tensor functions have no layers")

    def inside(self, inner: LayerInstance, shape: Shape | None = None) -> LayerScope:
        raise AssertionError("tensor functions have no layers")

    def call_in_loop(self, inner: LayerInstance, inputs: Value, **arguments: Any) -> Any:
        raise AssertionError("tensor functions have no layers")

    def mask_of(self, value: Value) -> Value | None:
        return self.run.masks.get(value)

    def set_mask(self, value: Value, mask: Value) -> None:
        raise AssertionError("tensor functions have no masks")

    def call(self, inner: LayerInstance, inputs: Any, **arguments: Any) -> Any:
        raise AssertionError("tensor functions have no layers")

    def call_for_steps(self, inner: LayerInstance, inputs: Any, steps: Value | float) -> Any:
        raise AssertionError("tensor functions have no layers")

    def fail(self, message: str, *, help: str = "", notes: Iterable[str] = ()) -> NoReturn:
        fail("K0402", message, self.span, help=help, notes=notes)


def adopt(layer: AnyLayer, prefix: str) -> None:
    """Put a layer that has no weights yet below another's path."""
    if isinstance(layer, LayerChain):
        layer.prefix = prefix
        for item in layer.items:
            adopt(item, f"{layer.path}/")
    elif layer.calls == 0:
        layer.prefix = prefix


def copied(layer: AnyLayer, name: str, prefix: str) -> AnyLayer:
    """A layer as if constructed again, under another name, with the layers it is given."""
    if isinstance(layer, Layer):
        arguments = {key: _constructed(value) for key, value in layer.bound.arguments.items()}
        bound = Bound(layer.bound.definition, arguments, layer.bound.given)
        return Layer(bound, name, layer.span, layer.trainable, prefix)
    if isinstance(layer, ModelLayer):
        return ModelLayer(layer.model, layer.arguments, name, layer.span, layer.trainable, prefix)
    items = tuple(copied(item, item.name, f"{prefix}{name}/") for item in layer.items)
    return LayerChain(items, name, layer.span, prefix)


def _constructed(value: Any) -> Any:
    """An argument, the layers in it constructed again."""
    if isinstance(value, list | tuple):
        return type(value)(_constructed(item) for item in value)
    return copied(value, value.name, "") if isinstance(value, AnyLayer) else value


def changed(layer: AnyLayer, changes: Mapping[str, Any]) -> AnyLayer:
    """A layer with other arguments."""
    if changes:
        assert isinstance(layer, Layer)
        arguments = {**layer.bound.arguments, **changes}
        layer.bound = Bound(layer.bound.definition, arguments, layer.bound.given)
    return layer


def freeze(layer: AnyLayer) -> None:
    """Make weights still to be created untrainable."""
    if isinstance(layer, LayerChain):
        for item in layer.items:
            freeze(item)
    else:
        layer.trainable = False


@contextmanager
def reporting(run: Run, tensors: list[Value], span: Span) -> Iterator[None]:
    """Give nodes their span, and shape errors the chain of layers before them."""
    before = len(run.builder.nodes)
    outer, run.builder.span = run.builder.span, span
    try:
        yield
        check_nodes(len(run.builder.nodes), span)
        for node in run.builder.nodes[before:]:
            check_sizes(node.output.shape, span)
    except KgenError as error:
        raise KgenError(_chained(run, tensors, d) for d in error.diagnostics) from None
    finally:
        run.builder.span = outer


def _chained(run: Run, tensors: list[Value], diagnostic: Diagnostic) -> Diagnostic:
    if not diagnostic.code.startswith("K04"):
        return diagnostic
    if not diagnostic.help:
        diagnostic = replace(diagnostic, help=_SHAPES)
    notes = list(diagnostic.notes)
    known = [tensor.type for tensor in tensors[:3]]
    others = [place for place, tensor in enumerate(tensors) if tensor.type not in known]
    for position in [*range(min(3, len(tensors))), *others[:1]]:
        tensor = tensors[position]
        title = "the value came about as" if len(tensors) == 1 else f"tensor {position + 1}"
        notes.append("\n".join([f"{title}:", *(f"  {row}" for row in run.chain(tensor))]))
    return replace(diagnostic, notes=tuple(notes))
