"""ResidualBlock, as native code.

Built by kgen 0.1.0 from 15_residual_block.k; edit that, not this.

layer   kind           output                weights  line
conv2d  Conv2D         (batch, 256, 256, 3)       84     8
add     Add            (batch, 256, 256, 3)        0     9
total   ResidualBlock                             84
"""

from kgen.runtime.kernels import kernel
from kgen.runtime.memory import Programs, Steps, rows_for
from kgen.runtime.model import Model
from kgen.runtime.spec import Input, Layer, Output, Spec, Weight
from kgen.runtime.tiles import (
    LANES,
    copy_words,
    fill_words,
    load,
    matrix,
    outer,
    share_block,
    store,
    workspace,
    zeros,
)

ROWS_256_BY_1 = rows_for(256, 1)

WEIGHTS = (
    Weight("conv2d/kernel", (3, 3, 3, 3), 0, "GlorotUniform", {"seed": None}),
    Weight("conv2d/bias", (3,), 96, "Zeros", {}),
)


@kernel
def compute_add(thread, threads, batch, clock, args):
    """Lines 8, 9. 11,010,048 FLOPs a row."""
    image = matrix(args, 0, batch * 65536, 3)
    conv2d_kernel = matrix(args, 1, 27, 3)
    conv2d_bias = matrix(args, 2, 1, 3)
    add = matrix(args, 3, batch * 65536, 3)
    first, last, left, right = share_block(clock, batch, 256, 37, thread, threads)
    for n in range(first, last):
        for top in range(left, right, 37):
            lines = workspace(30186, 3, 3)
            for p in range(39):
                place = p * 774
                if top + p >= 1 and top + p < 257:
                    fill_words(lines, place, 3, 0.0)
                    copy_words(
                        lines, place + 3, image, (n * 256 + (top + p - 1)) * 768, 768
                    )
                    fill_words(lines, place + 771, 3, 0.0)
                else:
                    fill_words(lines, place, 774, 0.0)
            for j in range(0, 3, LANES):
                for oy in range(top, min(top + 37, 256)):
                    for tile in range(0, 256, ROWS_256_BY_1):
                        ox = min(tile, 256 - ROWS_256_BY_1)
                        i = (n * 256 + oy) * 256 + ox
                        acc = zeros(ROWS_256_BY_1, 1)
                        for ty in range(3):
                            row = ((oy - top) + ty) * 258 + ox
                            kk = ty * 9
                            for k in range(3):
                                acc = outer(
                                    acc, lines, row, k, conv2d_kernel, kk + k, j
                                )
                                acc = outer(
                                    acc, lines, row, k + 3, conv2d_kernel, kk + k + 3, j
                                )
                                acc = outer(
                                    acc, lines, row, k + 6, conv2d_kernel, kk + k + 6, j
                                )
                        conv2d = acc + load(conv2d_bias, 0, j, 1, 1)
                        store(add, i, j, conv2d + load(image, i, j, ROWS_256_BY_1, 1))


def predict(m):
    """The outputs of one batch."""
    image = m.rows(0, 196608)
    add = m.rows(196608, 196608)
    return [
        m.feed("image", image, 196608),
        compute_add(image, m.weight("conv2d/kernel"), m.weight("conv2d/bias"), add),
        m.result("y", add, 196608),
    ]


SPEC = Spec(
    name="ResidualBlock",
    source="15_residual_block.k",
    version="0.1.0",
    fingerprint="c6dbd06542a407a1",
    inputs=(Input("image", "float32", (256, 256, 3)),),
    outputs=(Output("y", (256, 256, 3)),),
    targets=(),
    weights=WEIGHTS,
    metrics=(),
    layers=(
        Layer(
            "conv2d",
            "Conv2D",
            (256, 256, 3),
            84,
            10813440,
            8,
            ("conv2d/kernel", "conv2d/bias"),
        ),
        Layer("add", "Add", (256, 256, 3), 0, 196608, 9),
    ),
    trainable=112,
    size=112,
    feeds=("image",),
)


class ResidualBlock(Model):
    """A picture plus a convolution of it."""

    spec = SPEC
    programs = Programs(predict=(Steps(predict, 393216, 0, 11010048, by_tiles=False),))


SOURCE_NAME = "15_residual_block.k"
SOURCE_MAP = {"compute_add": (8, 9)}
SOURCE = """\
# A residual connection: the convolution learns what is to be added to its input.

param size = 256

model ResidualBlock:
    \"\"\"A picture plus a convolution of it.\"\"\"
    input image: float32[size, size, 3]
    change = image |> Conv2D(3, 3, padding="same")
    output y = Add()([change, image])
"""
