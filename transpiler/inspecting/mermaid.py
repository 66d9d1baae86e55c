"""A model's graph as text for Mermaid, which many sites and editors draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kgen.inspecting.diagram import Box, Diagram

_MARKS = {"layer": ("[", "]"), "model": ("[", "]"), "function": ("(", ")")}
_PLAIN = " _.,-\u00d7\u2192"
_ROUND = ("([", "])")
_STYLES = (
    "classDef input fill:#e3f1e6,stroke:#4c8f5f,color:#12301c",
    "classDef output fill:#fbeadb,stroke:#c0742f,color:#42230a",
    "classDef end_ fill:#f4f4f4,stroke:#8a8a8a,color:#222222,stroke-dasharray:4 3",
    "classDef weights fill:#e5edfa,stroke:#4a72b8,color:#11233f",
    "classDef plain fill:#f6f6f7,stroke:#a5a9b0,color:#222222",
    "classDef shared fill:#eee8f8,stroke:#7b5cb5,color:#26154a",
)


def mermaid(diagrams: Mapping[str, Diagram]) -> str:
    """A flowchart; models of a file are subgraphs where there are several."""
    lines = ["flowchart TB"]
    for name, drawn in diagrams.items():
        if len(diagrams) > 1:
            lines.append(f'    subgraph {_safe_id(name)}["{_text(name)}"]')
            lines += _lines(drawn, "        ")
            lines.append("    end")
        else:
            lines += _lines(drawn, "    ")
    lines += [f"    {style}" for style in _STYLES]
    return "\n".join(lines) + "\n"


def _lines(drawn: Diagram, indent: str) -> Iterator[str]:
    for box in drawn.boxes:
        if box.inside is not None:
            yield f'{indent}subgraph {box.id}["{_label(box)}"]'
            yield from _lines(box.inside, f"{indent}    ")
            yield f"{indent}end"
            continue
        opening, closing = _MARKS.get(box.role, _ROUND)
        yield f'{indent}{box.id}{opening}"{_label(box)}"{closing}:::{style_of(box)}'
    for source, target in drawn.edges:
        yield f"{indent}{source} --> {target}"


def style_of(box: Box) -> str:
    """The class of a box's colours."""
    if box.role in ("input", "output"):
        return box.role
    if box.role == "end":
        return "end_"
    if box.is_shared:
        return "shared"
    return "weights" if box.weights else "plain"


def _label(box: Box) -> str:
    head = f"<b>{_text(box.title)}</b>" if box.role != "function" else _text(box.title)
    words = [head + (f" {_text(box.kind)}" if box.kind else ""), _text(box.shape)]
    if box.remark:
        words.append(_text(box.remark))
    return "<br>".join(words)


def _text(text: str) -> str:
    """Text that Mermaid and the page around it leave alone."""
    return "".join(c if c.isalnum() or c in _PLAIN else f"#{ord(c)};" for c in text)


def _safe_id(name: str) -> str:
    return "model_" + "".join(c if c.isascii() and c.isalnum() else f"_{ord(c)}_" for c in name)
