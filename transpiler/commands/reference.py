"""`kgen explain` and `kgen layers`: the documentation that ships with the command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from kgen.commands import options
from kgen.commands.options import say, show, show_json

if TYPE_CHECKING:
    from kgen.layers.declaration import Definition


@click.command(short_help="What a diagnostic's code means.")
@click.argument("code", required=False)
@options.as_json
def explain(code: str | None, as_json: bool) -> None:
    """Print the page of a diagnostic's code, such as K0401; without CODE, list all of them."""
    from kgen import explain as pages

    if code is None:
        titles = {name: pages.title(name) for name in pages.codes()}
        if as_json:
            show_json(titles)
            return
        for name, title in titles.items():
            show(f"{name}  {title}")
        return
    try:
        page = pages.explain(code)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        show_json({"code": code.strip().upper(), "page": page})
    else:
        show(page.rstrip("\n"))


@click.command(short_help="Layers, losses, optimizers and the rest, with their arguments.")
@click.argument("name", required=False)
@click.option(
    "--family",
    metavar="NAME",
    help="Only this family: layer, function, activation, initializer, regularizer, constraint, "
    "optimizer, schedule, loss or metric.",
)
@options.as_json
def layers(name: str | None, family: str | None, as_json: bool) -> None:
    """Print the documentation of NAME, or list everything the language knows by name."""
    from kgen.layers import registry

    families: tuple[str, ...] = registry.FAMILIES
    if family is not None:
        if family not in families:
            raise click.UsageError(f"no family {family!r}; there are {', '.join(families)}")
        families = (family,)
    found = [d for f in families for d in registry.definitions(f)]
    if name is not None:
        found = [d for d in found if name in (d.name, *d.aliases)]
        if not found:
            raise click.UsageError(_unknown(name, families))
    if as_json:
        show_json([_facts(definition) for definition in found])
    elif name is not None:
        show("\n\n".join(map(_page, found)))
    else:
        _list(found)


def _list(found: list[Definition]) -> None:
    width = max(len(definition.name) for definition in found)
    previous = ""
    for definition in found:
        if definition.family != previous:
            previous = definition.family
            show(f"{previous}:")
        show(f"    {definition.name:<{width}}  {definition.summary}")
    say("kgen layers NAME tells the arguments of one")


def _unknown(name: str, families: tuple[str, ...]) -> str:
    from kgen.layers import registry

    for family in families:
        if reason := registry.refused(family, name):
            return f"{name} is not part of kgen: {reason}"
    hint = registry.suggest(name, [known for f in families for known in registry.names(f)])
    return f"there is no {name}; {hint or '`kgen layers` lists what there is'}"


def _page(definition: Definition) -> str:
    lines = [f"{definition.family} {definition.signature}"]
    if definition.family == "layer":
        lines.append(f"applied as {definition.call_signature}")
    if definition.aliases:
        lines.append(f"also: {', '.join(map(repr, definition.aliases))}")
    lines += ["", definition.doc, ""]
    params = (*definition.params, *definition.call)
    width = max((len(param.name) for param in params), default=0)
    for param in params:
        lines.append(f"    {param.name:<{width}}  {param.kind.wants}; {_default(param)}")
    return "\n".join(lines).rstrip()


def _default(param: Any) -> str:
    from kgen.layers.registry import REQUIRED, show

    return "required" if param.default is REQUIRED else f"default {show(param.default)}"


def _facts(definition: Definition) -> dict[str, Any]:
    return {
        "family": definition.family,
        "name": definition.name,
        "aliases": list(definition.aliases),
        "signature": definition.signature,
        "doc": definition.doc,
        "arguments": [_argument(param) for param in definition.params],
        "call": [_argument(param) for param in definition.call],
    }


def _argument(param: Any) -> dict[str, Any]:
    from kgen.layers.registry import REQUIRED, show

    return {
        "name": param.name,
        "wants": param.kind.wants,
        "required": param.default is REQUIRED,
        "default": None if param.default is REQUIRED else show(param.default),
    }
