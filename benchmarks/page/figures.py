"""The saved figures of all runs, read from a folder."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.statistics import median, round_ratios


@dataclass
class Figures:
    """What was found: `peers` by model, `sweeps` by name, `rooflines` by model, and `compile`.

    `machines` holds each machine's description once, with the files measured on it.
    """

    peers: dict[str, dict[str, Any]] = field(default_factory=dict)
    sweeps: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    rooflines: dict[str, dict[str, Any]] = field(default_factory=dict)
    compile: dict[str, Any] = field(default_factory=dict)
    machines: list[tuple[dict[str, Any], list[str]]] = field(default_factory=list)


def read_figures(folder: Path) -> Figures:
    """All files of a folder: `peers*.json`, `scaling*.json`, `roofline*.json`, `compile*.json`.

    Of two files with the same question to the same model the later name wins.

    Raises:
        FileNotFoundError: there are none.
    """
    found = Figures()
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise FileNotFoundError(f"there are no figures in {folder}")
    for path in paths:
        record = json.loads(path.read_text(encoding="utf-8"))
        if path.name.startswith("peers"):
            for model, entry in record["models"].items():
                found.peers[model] = found.peers.get(model, {}) | entry
        elif path.name.startswith("scaling"):
            found.sweeps |= record["sweeps"]
        elif path.name.startswith("roofline"):
            found.rooflines[record["model"]] = record
        elif path.name.startswith("compile"):
            found.compile |= record
        else:
            continue
        _note(found.machines, record["machine"], path.name)
    return found


def _note(
    machines: list[tuple[dict[str, Any], list[str]]], machine: dict[str, Any], name: str
) -> None:
    """Enter the machine, its load aside, or the file beside it."""

    def rest(one: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in one.items() if key != "load"}

    for known, names in machines:
        if rest(known) == rest(machine):
            names.append(name)
            known["load"] = max(known["load"], machine["load"])
            return
    machines.append((dict(machine), [name]))


def ratios(entry: dict[str, Any], question: str) -> dict[str, list[float]]:
    """How many times kgen's time each peer's is, round by round."""
    seconds = entry["steady"][question]["seconds"]
    return {
        peer: round_ratios(times, seconds["kgen"])
        for peer, times in seconds.items()
        if peer != "kgen"
    }


def best_ratio(entry: dict[str, Any], question: str) -> float | None:
    """The median ratio of the peer whose median is least; None where there is no peer."""
    best = entry["steady"][question]["best_peer"]
    return None if best is None else median(ratios(entry, question)[best])
