"""A fresh process: `python -m benchmarks.compiling.worker MODE PATH [FOLDER]`.

`build` transpiles a `.k` file into FOLDER and tells its size, `kernels` compiles or loads each
kernel of a module, `start` trains one step, or predicts where there is no training. The answer is a
line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.modules import import_path, model_class, module_path

BATCH = 32
FLOPS = 2_000_000_000  # in a step: larger models get smaller batches


def build(path: Path, folder: Path) -> dict[str, Any]:
    """Seconds to import the transpiler and to run it, and how much there is to compile and do."""
    start = time.perf_counter()
    from kgen.compiler import lay_out_text, write_module
    from kgen.emit_loops import flops_a_row

    imported = time.perf_counter()
    phases, made = lay_out_text(path.read_text(encoding="utf-8"), str(path))
    text = write_module(phases, made).text
    done = time.perf_counter()
    module = module_path(path.name, folder)
    module.write_text(text, encoding="utf-8")
    main = phases[-1]
    program = main.train or main.predict
    return {
        "import_seconds": imported - start,
        "transpile_seconds": done - imported,
        "module": str(module),
        "kernels": len(made),
        "flops": flops_a_row((*program.calls, *program.update)),
    }


def kernels(path: Path) -> dict[str, Any]:
    """Seconds to import a module, and to make each of its kernels ready, the driver first."""
    start = time.perf_counter()
    module = import_path(path)
    net = model_class(module)(seed=0)
    imported = time.perf_counter() - start
    from kgen.runtime.driver import drive
    from kgen.runtime.kernels import Command

    found = {drive.__name__: drive}
    for program in ("train", "gradient", "evaluate", "predict", "few"):
        if getattr(net.programs, program):
            for command in net.engine._smallest(program).commands:
                if isinstance(command, Command):
                    found[command.kernel.__name__] = command.kernel
    lines: dict[str, tuple[int, ...]] = module.SOURCE_MAP
    seconds: dict[str, float] = {}
    for name, kernel in found.items():
        start = time.perf_counter()
        kernel.compile()
        seconds[name] = time.perf_counter() - start
    return {"import_seconds": imported, "kernels": seconds, "lines": lines}


def start(path: Path) -> dict[str, Any]:
    """Train one step, or predict."""
    net = model_class(import_path(path))(seed=0)
    from kgen.inspecting.samples import sample_data

    program = net.programs.train or net.programs.predict
    flops = sum(steps.flops for steps in program)
    batch = max(2, min(BATCH, FLOPS // max(flops, 1)))
    inputs, targets = sample_data(net.spec, batch)
    if not net.programs.train:
        net(inputs)
        return {"batch": batch}
    history = net.fit(inputs, targets or None, batch_size=batch, verbose=0)
    return {"batch": batch, "loss": history.history["loss"][-1]}


def main(mode: str, path: str, folder: str = "") -> None:
    """Do what the mode says."""
    if mode == "build":
        answer = build(Path(path), Path(folder))
    elif mode == "kernels":
        answer = kernels(Path(path))
    else:
        answer = start(Path(path))
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
