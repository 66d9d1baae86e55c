"""Parts of layers: weights, the layers of a model, and what those make inside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kgen.buildtime import Arguments
from kgen.diagnostics import Span, fail
from kgen.graph import Value
from kgen.rewrite import reachable
from kgen.run import Run
from kgen.suggest import suggest
from kgen.values import (
    AnyLayer,
    Application,
    BuildValue,
    Layer,
    LayerChain,
    LayerOutput,
    ModelLayer,
    describe,
)

if TYPE_CHECKING:
    from kgen.bodies import Elaborator


def attribute(value: AnyLayer | LayerOutput, name: str, span: Span) -> BuildValue:
    """`layer.name`, `layer.kernel`, `model.layer`, `model.layer.kernel`."""
    if isinstance(value, LayerOutput):
        layer = _layer(value)
        if isinstance(layer, Layer):
            return attribute(layer, name, span)
        return LayerOutput(value.model, (*value.names, name))
    if name == "name":
        return value.name
    if isinstance(value, Layer):
        if name in value.weights:
            return value.weights[name]
        known = ["name", *value.weights]
        help = suggest(name, known) or f"it has {', '.join(known)}"
        if not value.calls:
            help = "its weights are made when it is first applied"
    else:
        inner = _inner(value)
        if inner is None or name in inner:
            return LayerOutput(value, (name,))
        help = suggest(name, inner) or f"its layers are {', '.join(inner) or 'none'}"
    fail(
        "K0203",
        f"{describe(value)} has no attribute `{name}`",
        span,
        label="unknown attribute",
        help=help,
    )


def _inner(value: LayerChain | ModelLayer) -> dict[str, AnyLayer] | None:
    """The layers inside, by name; None for a model that has not been applied yet."""
    if isinstance(value, LayerChain):
        return {item.name: item for item in value.items}
    return value.layers if value.calls else None


def _layer(value: LayerOutput) -> AnyLayer | None:
    """The layer meant, if the model has been applied."""
    found: AnyLayer | None = value.model
    for name in value.names:
        inner = _inner(found) if isinstance(found, LayerChain | ModelLayer) else None
        found = inner.get(name) if inner is not None else None
    return found


def record(run: Run, layer: LayerChain | ModelLayer, arguments: Arguments, before: int) -> None:
    """Note what the layers of a model made in the call just done."""
    layer.applied.append(Application(run.training, _key(arguments), tuple(run.results[before:])))


def _key(arguments: Arguments) -> tuple[Value, ...]:
    given = [*arguments.positional, *arguments.keywords.values()]
    return tuple(tensor for value in given for tensor in tensors(value))


def tensors(value: BuildValue) -> list[Value]:
    """The tensor, or the tensors of a list or a dict."""
    items = value.values() if isinstance(value, dict) else value
    if not isinstance(value, list | tuple | dict):
        items = [value]
    return [item for item in items if isinstance(item, Value)]


def apply_part(elaborator: Elaborator, part: LayerOutput, arguments: Arguments) -> BuildValue:
    """`model.layer(x)`: what the layer makes where the model is applied to x.

    A call of the model on the same tensors is not done again.
    """
    run, _ = elaborator.inside(arguments.span)
    key = _key(arguments)
    done = next(
        (a for a in part.model.applied if a.training == run.training and a.tensors == key), None
    )
    if done is None:
        elaborator.apply(part.model, arguments)
        done = part.model.applied[-1]
        run.partial.append(f"{part.model.path}/")
    start = f"{part.model.path}/"
    path = start + "/".join(part.names)
    found = [result for name, result in done.results if name == path]
    if len(found) == 1:
        return found[0]
    known = [name.removeprefix(start) for name, _ in done.results if name.startswith(start)]
    shown = ".".join(part.names)
    if found:
        fail(
            "K0203",
            f"{part.model.name} applies its layer {shown} {len(found)} times",
            arguments.span,
            label="which of its results?",
            help="declare the one wanted as an output of the model",
        )
    fail(
        "K0203",
        f"{describe(part.model)} has no layer `{shown}`",
        arguments.span,
        label="unknown layer",
        help=suggest(shown, known) or f"its layers are {', '.join(known[:8])}",
    )


def drop_unused(run: Run, roots: list[Value]) -> None:
    """Leave out layers of models used in part, where nothing that is wanted depends on them."""
    if not run.partial:
        return
    live = reachable([*roots, *run.losses])
    starts = tuple(run.partial)
    used = {path for path, result in run.results if live & set(tensors(result))}
    dead = {
        path: layer
        for path, layer in run.layers.items()
        if path.startswith(starts) and path not in used
    }
    for path, layer in dead.items():
        del run.layers[path]
        for name in layer.weights:
            weight = run.builder.weights.pop(f"{path}/{name}")
            run.updates.pop(f"{path}/{name}", None)
            run.constraints.pop(f"{path}/{name}", None)
            run.penalties = [pair for pair in run.penalties if pair[1] is not weight.value]
        for name in layer.states:
            del run.builder.weights[f"{path}/{name}"]
            run.updates.pop(f"{path}/{name}", None)
