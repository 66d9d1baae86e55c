"""Which weight of the model each variable of a Keras file is.

Layers are paired by name where the names agree, and otherwise, as Keras itself does it, by their
order among the layers of their class; a layer's variables by their order.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from kgen.runtime.errors import WeightError
from kgen.runtime.kerasfiles import KerasNode, Stored, keras_tree
from kgen.runtime.messages import shape_text
from kgen.runtime.spec import Spec
from kgen.runtime.weights import weight_array

# Classes that Keras exports under another name.
_RENAMED = {"group_query_attention": "grouped_query_attention"}
# Compressed archives may unpack to this many times the model: optimizers keep a few slots.
_UNPACKED = 16


@dataclass(eq=False)
class Node:
    """A layer or a model of the spec; `kind` is the class in snake case, "model" or None."""

    name: str
    kind: str | None
    paths: list[str] = field(default_factory=list)
    children: dict[str, Node] = field(default_factory=dict)

    def everything(self) -> list[str]:
        """The weights of the whole subtree, the node's own first."""
        found = list(self.paths)
        for child in self.children.values():
            found += child.everything()
        return found


@dataclass
class Pairing:
    """Variables by weight path, and what could not be paired; `shapes` are the spec's, in order."""

    shapes: dict[str, tuple[int, ...]]
    pairs: dict[str, Stored] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class FoundWeights:
    """What a file holds for a model: values by path, and what does not fit.

    `mismatched` says, by path, what shape the file has there.
    """

    values: dict[str, np.ndarray]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    mismatched: dict[str, str]


def read_keras_weights(spec: Spec, path: str | os.PathLike[str], by_name: bool) -> FoundWeights:
    """The weights that a Keras file holds for the model.

    Args:
        by_name: pair layers of equal names only.

    Raises:
        ImportError: h5py is not installed.
        WeightError: damaged, or not a file of Keras's.
    """
    shapes = {weight.path: weight.shape for weight in spec.weights}
    with keras_tree(path, 4 * _UNPACKED * spec.size + (1 << 26)) as stored:
        pairing = Pairing(shapes)
        _pair_model(spec_tree(spec), stored, by_name, pairing)
        values, mismatched = {}, {}
        for name in shapes:
            variable = pairing.pairs.get(name)
            if variable is None:
                continue
            if variable.shape != shapes[name]:
                mismatched[name] = f"{variable.place} has {shape_text(variable.shape)}"
                continue
            values[name] = weight_array(name, variable.read(), shapes[name])
    missing = tuple(name for name in shapes if name in set(pairing.missing))
    return FoundWeights(values, missing, tuple(pairing.unexpected), mismatched)


def pair_keras_weights(spec: Spec, path: str | os.PathLike[str]) -> dict[str, str]:
    """Where each weight of the model is in a Keras file that has all of them.

    Raises:
        ImportError: h5py is not installed.
        WeightError: damaged, not a file of Keras's, or of another model.
    """
    shapes = {weight.path: weight.shape for weight in spec.weights}
    with keras_tree(path, 4 * _UNPACKED * spec.size + (1 << 26)) as stored:
        pairing = Pairing(shapes)
        _pair_model(spec_tree(spec), stored, False, pairing)
        for name, shape in shapes.items():
            variable = pairing.pairs.get(name)
            if variable is None or variable.shape != shape:
                found = "is not in" if variable is None else f"has {shape_text(variable.shape)} in"
                raise WeightError(
                    f"'{os.fspath(path)}' does not fit model {spec.name}: weight '{name}' "
                    f"{shape_text(shape)} {found} the file."
                )
        if pairing.unexpected:
            raise WeightError(
                f"'{os.fspath(path)}' does not fit model {spec.name}, which lacks "
                f"'{pairing.unexpected[0]}'."
            )
        return {name: pairing.pairs[name].place for name in shapes}


def spec_tree(spec: Spec) -> Node:
    """The layers with weights, nested as their paths are."""
    root = Node(spec.name, "model")
    for layer in spec.layers:
        if not layer.weights and not _holds(spec, layer.name):
            continue
        at = root
        *outer, own = layer.name.split("/")
        for part in outer:
            at = at.children.setdefault(part, Node(part, "model"))
        at = at.children.setdefault(own, Node(own, None))
        at.kind = snake_case(layer.kind)
        for path in layer.weights:
            place = at
            inside = path.removeprefix(layer.name + "/").split("/")[:-1]
            for part in inside if path.startswith(layer.name + "/") else ():
                place = place.children.setdefault(part, Node(part, None))
            place.paths.append(path)
    return root


def _holds(spec: Spec, name: str) -> bool:
    """Whether something with weights is inside a layer."""
    return any(layer.weights and layer.name.startswith(f"{name}/") for layer in spec.layers)


def snake_case(name: str) -> str:
    """`Conv2D` as `conv2d`, `BatchNormalization` as `batch_normalization`, as Keras writes them."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    name = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
    return _RENAMED.get(name, name)


def _pair_model(model: Node, stored: KerasNode, by_name: bool, out: Pairing) -> None:
    """Pairs the layers of a model, then what is in them."""
    if stored.variables and not stored.children:
        # The older layout does not tell a nested model's layers apart: trainable weights first.
        places = {path: at for at, path in enumerate(out.shapes)}
        _pair_flat(sorted(model.everything(), key=places.__getitem__), stored, out)
        return
    own, theirs = list(model.children.values()), list(stored.children)
    _guess_kinds(own, theirs)
    pairs = list(_by_name(own, theirs))
    if not by_name and len(pairs) < len(own):
        pairs = _by_name_and_order(own, theirs, out.shapes)
    paired = {id(item) for pair in pairs for item in pair}
    for node, found in pairs:
        if node.kind == "model":
            _pair_model(node, found, by_name, out)
        else:
            _pair_layer(node, found, out)
    for node in own:
        if id(node) not in paired:
            out.missing += node.everything()
    for found in theirs:
        if id(found) not in paired:
            out.unexpected.append(_described(found))


def _described(found: KerasNode) -> str:
    name = f" (layer '{found.name}')" if found.name else ""
    return f"{found.place}{name}"


def _fits(node: Node, found: KerasNode) -> bool:
    return node.kind is None or found.kind is None or node.kind == found.kind


def _by_name(own: Sequence[Node], theirs: Sequence[KerasNode]) -> Iterator[tuple[Node, KerasNode]]:
    names = {found.name or found.attribute: found for found in theirs}
    for found in theirs:
        if found.attribute:
            names.setdefault(found.attribute, found)
    for node in own:
        if node.name in names:
            yield node, names[node.name]


def _by_name_and_order(
    own: Sequence[Node], theirs: Sequence[KerasNode], shapes: Mapping[str, tuple[int, ...]]
) -> list[tuple[Node, KerasNode]]:
    """Names that somebody chose where they agree; the rest by order in each class.

    Names that Keras made (`dense_3`) count the layers of the process: only their order says
    something.
    """
    chosen = [f for f in theirs if _automatic(f) is None]
    pairs = [(node, found) for node, found in _by_name(own, chosen) if _fits(node, found)]
    taken = {id(item) for pair in pairs for item in pair}
    left = [node for node in own if id(node) not in taken]
    rest = [found for found in theirs if id(found) not in taken]
    for kind in dict.fromkeys(node.kind for node in left):
        mine = [node for node in left if node.kind == kind]
        same = [found for found in rest if found.kind == kind]
        if kind is None or not same:
            same = [found for found in rest if found.kind is None]
        pairs += zip(mine, _in_order(mine, same, shapes), strict=False)
        used = {id(found) for _, found in pairs}
        rest = [found for found in rest if id(found) not in used]
    return pairs


def _guess_kinds(own: Sequence[Node], theirs: Sequence[KerasNode]) -> None:
    """Classes of the older layout's layers, which tells names alone, where Keras made the name."""
    for found in theirs:
        for kind in {node.kind for node in own if node.kind is not None}:
            if found.kind is None and _number(found.name, kind) is not None:
                found.kind = kind


def _automatic(found: KerasNode) -> int | None:
    """The number in a name that Keras made, None in a name that somebody chose."""
    return None if found.kind is None else _number(found.name, found.kind)


def _number(name: str | None, kind: str) -> int | None:
    """The number in a name that Keras makes for layers of a class, else None."""
    made = r"(?:functional|sequential|model)" if kind == "model" else re.escape(kind)
    match = re.fullmatch(rf"{made}(?:_(\d+))?", name or "")
    return int(match[1] or 0) if match else None


def _in_order(
    own: Sequence[Node], theirs: Sequence[KerasNode], shapes: Mapping[str, tuple[int, ...]]
) -> Sequence[KerasNode]:
    """Layers of one class in the order of the numbers in their names, if that fits in shape.

    It is the order in which they were made; the file's is that of the graph from its inputs on.
    """
    numbers = [_automatic(found) for found in theirs]
    if None in numbers or len(set(numbers)) < len(numbers):
        return theirs
    made = sorted(theirs, key=lambda found: _automatic(found) or 0)
    fits = all(
        [shapes[path] for path in node.everything()] == [v.shape for v in found.everything()]
        for node, found in zip(own, made, strict=False)
    )
    return made if fits else theirs


def _pair_layer(node: Node, found: KerasNode, out: Pairing) -> None:
    """Pairs a layer's variables; layers inside it by name or order, where both tell them apart."""
    if not node.children or not found.children or bool(node.paths) != bool(found.variables):
        _pair_flat(node.everything(), found, out)
        return
    _pair_lists(node.paths, found.variables, out)
    own, theirs = list(node.children.values()), list(found.children)
    pairs = list(_by_name(own, theirs))
    if len(pairs) < len(own):
        pairs = list(zip(own, theirs, strict=False))
    paired = {id(item) for pair in pairs for item in pair}
    for inner, stored in pairs:
        _pair_layer(inner, stored, out)
    out.missing += [p for inner in own if id(inner) not in paired for p in inner.everything()]
    out.unexpected += [_described(f) for f in theirs if id(f) not in paired]


def _pair_flat(paths: list[str], found: KerasNode, out: Pairing) -> None:
    variables = found.everything()
    names = {_ending(path): path for path in paths}
    endings = [_ending(v.name) if v.name else "" for v in variables]
    if len(names) == len(paths) and sorted(names) == sorted(endings):
        out.pairs |= {names[e]: v for e, v in zip(endings, variables, strict=True)}
        return
    _pair_lists(paths, variables, out)


def _ending(path: str) -> str:
    return "/".join(path.split("/")[-2:])


def _pair_lists(paths: Sequence[str], variables: Sequence[Stored], out: Pairing) -> None:
    out.pairs |= dict(zip(paths, variables, strict=False))
    out.missing += paths[len(variables) :]
    out.unexpected += [variable.place for variable in variables[len(paths) :]]
