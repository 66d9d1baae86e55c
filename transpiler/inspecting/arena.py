"""The map of a program's arena as SVG: calls from left to right, offsets from bottom to top."""

from __future__ import annotations

from typing import Any

from kgen.inspecting.units import byte_text
from kgen.inspecting.xml import safe, shortened, text_width

HEIGHT = 300.0
LEFT = 64.0
BOTTOM = 26.0
LEAST, MOST = 12.0, 28.0  # width of a call
HUES = 8


def arena_map(program: dict[str, Any]) -> str:
    """One rectangle a buffer: from its first to its last call, from offset to offset and size."""
    calls, arena = program["calls"], program["arena"]
    column = min(max(560 / max(len(calls), 1), LEAST), MOST)
    width, height = LEFT + column * max(len(calls), 1) + 8, HEIGHT + BOTTOM + 10
    scale = HEIGHT / max(arena["bytes"], 1)
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" class="arena" role="img" {size}>']
    lines.append("<title>where buffers lie, call by call</title>")
    for part in range(5):
        y = 6 + HEIGHT * (1 - part / 4)
        text = byte_text(arena["bytes"] * part // 4)
        place = f'x="{LEFT - 6:.0f}" y="{y + 4:.1f}"'
        lines.append(f'<path class="rule" d="M{LEFT:.0f} {y:.1f}H{width - 8:.0f}"/>')
        lines.append(f'<text class="scale" {place} text-anchor="end">{text}</text>')
    for number, buffer in enumerate(arena["buffers"]):
        lines.append(_rectangle(buffer, calls, column, scale, number % HUES))
    step = max(1, -(-len(calls) // 20))
    for index in range(0, len(calls), step):
        x = LEFT + column * (index + 0.5)
        lines.append(
            f'<text class="scale" x="{x:.1f}" y="{HEIGHT + 24:.0f}" text-anchor="middle">'
            f"{index + 1}</text>"
        )
    return "".join([*lines, "</svg>"])


def _rectangle(
    buffer: dict[str, Any], calls: list[dict[str, Any]], column: float, scale: float, hue: int
) -> str:
    inside = [i for i, c in enumerate(calls) if buffer["first"] <= c["phase"] <= buffer["last"]]
    first, last = (inside[0], inside[-1]) if inside else (0, 0)
    x, width = LEFT + column * first, column * (last - first + 1)
    height = max(buffer["bytes"] * scale, 0.8)
    y = 6 + HEIGHT - (buffer["offset"] * scale) - height
    told = f"{buffer['name']}: {byte_text(buffer['bytes'])} at {buffer['offset']:,}"
    told += f", calls {first + 1} to {last + 1}"
    area = f'x="{x + 0.5:.1f}" y="{y:.1f}" width="{width - 1:.1f}" height="{height:.1f}"'
    parts = [f'<g class="hue{hue}"><title>{safe(told)}</title>', f'<rect {area} rx="2"/>']
    name = shortened(buffer["name"], max(int((width - 8) / 6.2), 1))
    if height >= 13 and len(name) > 2 and text_width(name, 11) < width:
        parts.append(f'<text x="{x + 5:.1f}" y="{y + height / 2 + 4:.1f}">{safe(name)}</text>')
    return "".join([*parts, "</g>"])
