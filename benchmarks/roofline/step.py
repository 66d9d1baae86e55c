"""The training step of a `.k` file's main model, ready to be timed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kgen.compiler import lay_out_text, write_module
from kgen.inspecting.timing import Timer

from benchmarks.modules import import_path, model_class


def training_step(source: Path, folder: Path, batch: int, threads: int, length: int) -> Timer:
    """Its kernels on made-up data; open dimensions are of one `length`.

    Raises:
        ValueError: there is no `train:` block.
    """
    phases, kernels = lay_out_text(source.read_text(encoding="utf-8"), source.name)
    path = folder / f"roofline_{source.stem}.py"
    path.write_text(write_module(phases, kernels).text, encoding="utf-8")
    program = phases[-1].train
    if program is None:
        raise ValueError(f"{source.name} has no train: block")
    net: Any = model_class(import_path(path))(seed=0, threads=threads)
    dims = {dim.name: length for dim in net.spec.dims}
    return Timer(net, program, "train", batch, dims, threads)
