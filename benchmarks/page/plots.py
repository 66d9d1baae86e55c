"""The page's plots, as SVG files that stay the same while the figures do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.page.figures import Figures, ratios
from benchmarks.peers.peer import OTHERS, OURS
from benchmarks.statistics import median


def draw_all(found: Figures, folder: Path) -> dict[str, str]:
    """Draw what there are figures for; gives each plot's path from the folder above.

    Raises:
        ImportError: matplotlib is not installed.
    """
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "kgen"
    drawers: dict[str, tuple[Any, Callable[[Figures], Any]]] = {
        "peers": (found.peers, draw_peers),
        "starts": (any("startup" in one for one in found.peers.values()), draw_starts),
        "roofline": (found.rooflines, draw_rooflines),
        "scaling": (found.sweeps, draw_sweeps),
    }
    folder.mkdir(exist_ok=True)
    plots = {}
    for name, (there, drawer) in drawers.items():
        if there:
            figure = drawer(found)
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
            plots[name] = f"{folder.name}/{name}.svg"
    return plots


def _axes(count: int = 1, width: float = 9.0, height: float = 3.6) -> tuple[Any, Any]:
    """A figure with panels side by side."""
    from matplotlib import pyplot

    pyplot.close("all")
    return pyplot.subplots(1, count, figsize=(width, height), squeeze=False, layout="constrained")


def _bars(panel: Any, titles: list[str], values: dict[str, list[float | None]]) -> None:
    """Groups of bars, a colour a name; missing values leave a gap."""
    width = 0.8 / max(len(values), 1)
    for place, (name, heights) in enumerate(values.items()):
        spots = [(i, one) for i, one in enumerate(heights) if one is not None]
        left = [i - 0.4 + (place + 0.5) * width for i, _ in spots]
        panel.bar(left, [one for _, one in spots], width, label=name)
    panel.set_xticks(range(len(titles)), titles, rotation=30, ha="right")
    panel.set_yscale("log")
    panel.grid(axis="y", alpha=0.3)
    panel.legend(fontsize="small", ncols=3)


def _titles(found: Figures) -> list[str]:
    return [one["title"].removesuffix(".k") for one in found.peers.values()]


def draw_peers(found: Figures) -> Any:
    """Each peer's time over kgen's, by model."""
    figure, ((panel,),) = _axes()
    measured = [ratios(one, "train") for one in found.peers.values()]
    values: dict[str, list[float | None]] = {
        peer: [median(one[peer]) if peer in one else None for one in measured]
        for peer in OTHERS
        if any(peer in one for one in measured)
    }
    _bars(panel, _titles(found), values)
    panel.axhline(1, color="black", linewidth=1)
    panel.set_ylabel("times kgen's time, a training step")
    return figure


def draw_starts(found: Figures) -> Any:
    """Seconds to the first step, cold, by model."""
    figure, ((panel,),) = _axes()
    cold = [one.get("startup", {}).get("cold", {}) for one in found.peers.values()]
    values: dict[str, list[float | None]] = {
        peer: [median(one[peer]) if one.get(peer) else None for one in cold]
        for peer in (*OURS, *OTHERS)
        if any(one.get(peer) for one in cold)
    }
    _bars(panel, _titles(found), values)
    panel.set_ylabel("seconds to the first step, cold")
    return figure


def draw_rooflines(found: Figures) -> Any:
    """Each kernel's rate over its FLOPs a byte, and the roof."""
    figure, panels = _axes(len(found.rooflines), 3.4 * len(found.rooflines))
    for panel, (name, one) in zip(panels[0], found.rooflines.items(), strict=True):
        peak = median(one["peak_flops"]) / 1e9
        triad = one["streams"][-1]["triad"] / 1e9
        for dense, mark in ((True, "o"), (False, "x")):
            points = [
                (kernel["flops"] / kernel["bytes"], kernel["flops_per_second"] / 1e9)
                for kernel in one["kernels"]
                if kernel["flops"] and kernel["bytes"] and kernel["dense"] == dense
            ]
            label = "products" if dense else "others"
            panel.plot([x for x, _ in points], [y for _, y in points], mark, label=label)
        span = [0.05, 500.0]
        corner = peak / triad
        panel.plot([span[0], corner, span[1]], [triad * span[0], peak, peak], color="black")
        panel.set(xscale="log", yscale="log", xlabel="FLOPs a byte", title=name)
        panel.grid(alpha=0.3)
    panels[0][0].set_ylabel("GFLOP/s")
    panels[0][0].legend(fontsize="small")
    return figure


def draw_sweeps(found: Figures) -> Any:
    """A panel a sweep: step time over the swept figure, and a straight line's slope."""
    from matplotlib import ticker

    figure, panels = _axes(len(found.sweeps), 3.2 * len(found.sweeps))
    for panel, (sweep, points) in zip(panels[0], found.sweeps.items(), strict=True):
        values = [point[sweep] for point in points]
        times = [1e6 * median(point["seconds"]) for point in points]
        panel.plot(values, times, "o-")
        if sweep in ("batch", "depth", "length"):
            panel.plot(values, [times[-1] * one / values[-1] for one in values], ":", color="grey")
        panel.set(xscale="log", yscale="log", xlabel=sweep, title=f"by {sweep}")
        panel.set_xticks(values, [str(value) for value in values], minor=False)
        panel.xaxis.set_minor_locator(ticker.NullLocator())
        panel.grid(alpha=0.3)
    panels[0][0].set_ylabel("microseconds a training step")
    return figure
