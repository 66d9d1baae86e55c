"""`-D name=value`: overriding a file's parameters from the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kgen import syntax
from kgen.buildtime import Evaluator
from kgen.diagnostics import KgenError, Source, Span, fail
from kgen.limits import Budget, check_characters
from kgen.names import Names
from kgen.parser import parse
from kgen.suggest import suggest
from kgen.values import BuildValue, Silenced, describe

_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def check_defines(params: Sequence[syntax.ParamDecl], defines: Mapping[str, str]) -> None:
    """Refuse overrides of parameters that the file does not declare."""
    known = [param.name for param in params]
    for name, text in defines.items():
        if name not in known:
            listed = f"the parameters are {', '.join(known)}" if known else "it declares none"
            fail(
                "K0204",
                f"the file has no parameter `{name[:40]}`",
                _command(name, text)[1],
                help=suggest(name, known) or listed,
            )


def override(param: syntax.ParamDecl, default: BuildValue, text: str) -> BuildValue:
    """The value that `text` gives a parameter, of the type of its default."""
    _, span = _command(param.name, text)
    check_characters(len(text), span)
    value = _read(default, text, span)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if default is not None and type(value) is not type(default):
        if isinstance(default, list) and isinstance(value, tuple):
            return list(value)
        _refuse(param, default, text if value is None else value, span)
    return value


def _read(default: BuildValue, text: str, span: Span) -> BuildValue:
    if isinstance(default, str):
        return text
    if isinstance(default, bool):
        return _TRUTHS.get(text.lower())
    try:
        if "\n" in text or "\r" in text:
            return text
        module = parse(f"param value = {text}\n", "-D")
        (declaration,) = module.declarations
        if isinstance(declaration, syntax.ParamDecl):
            return Evaluator(Budget()).evaluate(declaration.default, Names())
    except (KgenError, Silenced, ValueError):
        pass
    return text


def _refuse(param: syntax.ParamDecl, default: BuildValue, found: BuildValue, span: Span) -> None:
    kind = {int: "an integer", float: "a number", bool: "true or false", list: "a list"}.get(
        type(default), "a value of the same kind"
    )
    fail(
        "K0302",
        f"the parameter `{param.name}` is {kind}, found {describe(found)}",
        span,
        notes=[f"{param.span.place}: {param.span.text[:80]}"],
        help=f"write -D {param.name}={_sample(default)}",
    )


def _sample(default: BuildValue) -> str:
    if isinstance(default, bool):
        return "true" if default else "false"
    if isinstance(default, int | float):
        return str(default)
    if isinstance(default, list):
        return "'[...]'"
    return "..."


def _command(name: str, text: str) -> tuple[Source, Span]:
    """The override as a source of its own, so that messages can show it."""
    source = Source("command line", f"-D {name}={text}")
    return source, Span(source, 3, len(source.text))
