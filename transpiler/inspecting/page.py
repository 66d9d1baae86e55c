"""The facts about a `.k` file as one page of HTML, which needs nothing else."""

from __future__ import annotations

from math import sqrt
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from kgen.inspecting.arena import arena_map
from kgen.inspecting.diagram import diagram
from kgen.inspecting.drawing import draw
from kgen.inspecting.facts import Inspected, Stages
from kgen.inspecting.units import byte_text, flop_text, share_text, time_text
from kgen.inspecting.xml import visible
from markupsafe import Markup


def page(found: Inspected) -> str:
    """The page's text."""
    facts = found.facts
    environment = Environment(
        loader=PackageLoader("kgen.templates", "html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
        finalize=_shown,
    )
    environment.filters |= {
        "bytes": byte_text,
        "flops": flop_text,
        "time": time_text,
        "share": share_text,
        "count": lambda number: f"{number:,}",
    }
    shares = kernel_shares(facts)
    models = [
        {
            **model,
            "graph": Markup(draw({phase.model.name: diagram(phase.model)}, "", background=False)),
            "maps": {
                name: Markup(arena_map(program)) for name, program in model["programs"].items()
            },
            "passes": _changes(stages),
        }
        for model, phase, stages in zip(facts["models"], found.phases, found.stages, strict=True)
    ]
    return environment.get_template("inspect.html.jinja").render(
        facts=facts,
        title=Path(facts["source"]).name,
        models=models,
        lines=_lines(facts, shares),
        kernels=[
            {**kernel, "share": shares[kernel["name"]], "heat": heat(shares, kernel["name"])}
            for kernel in facts["kernels"]
        ],
        heats={name: heat(shares, name) for name in shares},
        measured=facts["profile"] is not None,
    )


def _shown(value: Any) -> Any:
    """What stands on the page for a value: text without characters that would mislead."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value


def kernel_shares(facts: dict[str, Any]) -> dict[str, float]:
    """Each kernel's part of the main programs' cost: time where it was measured, else FLOPs."""
    what = "seconds" if facts["profile"] is not None else "flops"
    costs = {kernel["name"]: 0.0 for kernel in facts["kernels"]}
    for model in facts["models"]:
        for call in model["programs"][model["main"]]["calls"]:
            costs[call["kernel"]] += call[what]
    total = sum(costs.values()) or 1.0
    return {name: cost / total for name, cost in costs.items()}


def heat(shares: dict[str, float], name: str) -> str:
    """How warm a kernel is shown, from 0 to 1: the root of its share of the dearest one's."""
    return f"{sqrt(shares[name] / (max(shares.values()) or 1.0)):.2f}"


def _lines(facts: dict[str, Any], shares: dict[str, float]) -> list[dict[str, Any]]:
    """Each line of the file with its kernels and its part of the cost.

    A kernel of several lines counts for each of them in equal parts.
    """
    lines: list[dict[str, Any]] = [
        {"number": number, "text": text, "kernels": [], "share": 0.0}
        for number, text in enumerate(facts["lines"], 1)
    ]
    if lines and not lines[-1]["text"]:
        lines.pop()
    for kernel in facts["kernels"]:
        for number in kernel["lines"]:
            line = lines[number - 1]
            line["kernels"].append(kernel["name"])
            line["share"] += shares[kernel["name"]] / len(kernel["lines"])
    most = max((line["share"] for line in lines), default=0.0) or 1.0
    for line in lines:
        line["heat"] = f"{sqrt(line['share'] / most):.2f}"
    return lines


def _changes(stages: Stages) -> list[tuple[str, list[tuple[str, str, int]]]]:
    """For each phase its graphs: after which pass, the text if it changed, how many nodes."""
    found = []
    for title, graphs in stages:
        before = ""
        shown = []
        for name, text in graphs:
            shown.append((name, text if text != before else "", text.count("\n    %")))
            before = text
        found.append((title, shown))
    return found
