"""`python -m benchmarks`: peers, roofline, scaling, compile, page, all, gpu."""

from __future__ import annotations

import click

from benchmarks.compiling.command import compile_command
from benchmarks.everything import all_command
from benchmarks.gpu.command import gpu_command
from benchmarks.page.command import page_command
from benchmarks.peers.command import peers_command
from benchmarks.roofline.command import roofline_command
from benchmarks.scale.command import scaling_command


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Measure kgen; see benchmarks/README.md for what the figures mean."""


main.add_command(peers_command)
main.add_command(roofline_command)
main.add_command(scaling_command)
main.add_command(compile_command)
main.add_command(page_command)
main.add_command(all_command)
main.add_command(gpu_command)

if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
