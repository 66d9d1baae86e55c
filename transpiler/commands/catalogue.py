"""The pages of the documentation that the registry writes: tensor functions, and layers."""

from __future__ import annotations

import re

from kgen.layers import registry
from kgen.layers.declaration import Definition, Param, show
from kgen.layers.refused import REFUSED

_NUMBERS = """\
## Numbers

Tensors are float32, int32 or bool. Everything is computed in float32, integers too: they are exact
up to 2**24 (16,777,216) in magnitude. A function whose operands are all integers gives integers
where Keras's does: `+ - * // %`, `sum`, `max`, `clip` and the like; `/`, `**`, `mean` and all
transcendental functions give float32. `cast(x, "int32")` cuts fractions off; what lies beyond int32
becomes its nearest number, NaN becomes 0. Truth values come from comparisons; `cast` makes numbers
of them, and wherever a condition is wanted, a number that is not 0 is true. Outputs of a model are
float32 or int32.

Indices into a table, or along an axis, are int32. Data for an input that numbers the rows of a
table as it is (`Embedding`, `take`, `segment_sum`) must lie within the table: other data is refused
with the first row and value at fault. Indices that a model computes are held to the table instead:
below 0 they mean its first row, beyond it the last.

## Axes

Axes count the batch as 0, as in Keras; negative ones count from the end. The samples of a batch
stay apart: what orders, joins or cuts along an axis refuses the batch. Reductions may go over it.
"""


def functions_page() -> str:
    """The page of tensor functions."""
    activations = {d.name for d in registry.definitions("activation")}
    found = [d for d in registry.definitions("function") if d.name not in activations]
    also = [d for d in registry.definitions("function") if d.name in activations]
    lines = [
        "# Tensor functions",
        "",
        "Functions of tensors have the names, arguments and meanings of `keras.ops`. `kgen layers`",
        "tells the arguments of one. This page is written by the registry they are declared in.",
        "",
        _NUMBERS,
        "## Functions",
        "",
        *map(_item, found),
        "",
        "## Activations as functions",
        "",
        *map(_item, also),
        "",
        *_refusals("function"),
    ]
    return "\n".join(lines).rstrip() + "\n"


def layers_page() -> str:
    """The page of layers."""
    lines = [
        "# Layers",
        "",
        "Layers have the names, arguments, defaults and weights of Keras 3. `kgen layers NAME`",
        "tells what each argument may be. Every layer also takes `name`, `trainable` and",
        "`activity_regularizer`. This page is written by the registry they are declared in.",
        "",
    ]
    for definition in registry.definitions("layer"):
        lines += [f"## {definition.name}", ""]
        if definition.aliases:
            lines += [f"Also: {', '.join(definition.aliases)}.", ""]
        lines += ["```", *_wrapped(definition.name, _own(definition)), "```", ""]
        if definition.call:
            lines += [f"Applied as `{definition.call_signature}`.", ""]
        lines += [_escaped(definition.doc), ""]
    lines += _refusals("layer")
    return "\n".join(lines).rstrip() + "\n"


def _own(definition: Definition) -> list[Param]:
    """The arguments that a definition declares itself."""
    return [param for param in definition.params if param.name not in definition.common]


def _item(definition: Definition) -> str:
    names = "".join(f", `{alias}`" for alias in definition.aliases)
    return f"- `{definition.signature}`{names}: {_escaped(definition.summary)}"


def _wrapped(name: str, params: list[Param]) -> list[str]:
    """A signature on lines of at most 88 columns."""
    parts = [
        p.name if p.default is registry.REQUIRED else f"{p.name}={show(p.default)}" for p in params
    ]
    line = f"{name}({', '.join(parts)})"
    if len(line) <= 88:
        return [line]
    lines, current = [f"{name}("], "   "
    for part in parts:
        if len(current) + len(part) + 2 > 88:
            lines.append(current)
            current = "   "
        current += f" {part},"
    return [*lines, current, ")"]


def _escaped(text: str) -> str:
    """Text whose stars Markdown leaves alone; in code they mean nothing anyway."""
    return re.sub(r"`[^`]*`|\*", lambda found: found[0] if found[0] != "*" else r"\*", text)


def _refusals(family: str) -> list[str]:
    """What Keras has and kgen refuses, by reason."""
    reasons: dict[str, list[str]] = {}
    for name, reason in sorted(REFUSED[family].items()):
        if registry.find(family, name) is None:
            reasons.setdefault(reason, []).append(f"`{name}`")
    lines = ["## What Keras has and kgen refuses", ""]
    return lines + [f"- {', '.join(names)}: {reason}." for reason, names in reasons.items()]
