"""`python -m benchmarks gpu`: everything that a machine with a GPU is for, in one go."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from benchmarks.gpu.device import PRECISIONS, NoGpuError, use_gpu
from benchmarks.gpu.page import write_tables
from benchmarks.modules import RESULTS, ROOT
from benchmarks.peers.command import peers_command
from benchmarks.report import console

PAGE = ROOT / "docs" / "cuda.md"


@click.command("gpu")
@click.option("--quick", is_flag=True, help="Few rounds, for a try; the page is left alone.")
@click.option("--no-tests", is_flag=True, help="Measure without running the tests first.")
@click.option(
    "--results",
    default=RESULTS,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where figures are saved; benchmarks/results if left out.",
)
def gpu_command(quick: bool, no_tests: bool, results: Path) -> None:
    """Test on the GPU, compare with PyTorch and JAX on it, and enter the tables in docs/cuda.md.

    The tests are those marked `gpu`. Then all peers are shown to compute the same, and measured: in
    float32, and with operands rounded to TF32.
    """
    try:
        gpu = use_gpu()
    except NoGpuError as error:
        raise click.ClickException(str(error)) from error
    console.print(gpu.text(), markup=False)
    if not no_tests:
        run_tests()
    peers_command.main(["--device", "cuda", "--check"], standalone_mode=False)
    results.mkdir(parents=True, exist_ok=True)
    few = ["--quick"] if quick else []
    files = {name: results / f"cuda_{name}.json" for name in PRECISIONS}
    for precision, file in files.items():
        options = ["--starts", "0", "--precision", precision, "--json", str(file)]
        peers_command.main(["--device", "cuda", *options, *few], standalone_mode=False)
    if not quick:
        write_tables(files.values(), PAGE)
        console.print(f"tables written to {PAGE}", markup=False)


def run_tests() -> None:
    """Run the tests marked `gpu`, one after another.

    Raises:
        click.ClickException: one fails, or there are none.
    """
    command = [sys.executable, "-m", "pytest", "-m", "gpu", "-n0", "-q", "tests"]
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    if status:
        raise click.ClickException(
            f"the tests marked gpu do not pass (pytest's exit status is {status}): figures of "
            "wrong results are worth nothing; --no-tests measures all the same"
        )
