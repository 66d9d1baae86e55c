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
    ROWS,
    copy_words,
    fill_words,
    load,
    matrix,
    outer,
    pack,
    share,
    store,
    zeros,
)

ROWS_256_BY_1 = rows_for(256, 1)

WEIGHTS = (
    Weight("conv2d/kernel", (3, 3, 3, 3), 0, "GlorotUniform", {"seed": None}),
    Weight("conv2d/bias", (3,), 96, "Zeros", {}),
)


@kernel
def compute_conv2d_pad(thread, threads, batch, clock, args):
    """Line 8 of the model."""
    conv2d_pad = matrix(args, 0, batch * 66564, 3)
    image = matrix(args, 1, batch * 65536, 3)
    first, last = share(batch, ROWS, thread, threads)
    for n in range(first, last):
        for p in range(258):
            place = (n * 258 + p) * 774
            if p >= 1 and p <= 256:
                fill_words(conv2d_pad, place, 3, 0.0)
                copy_words(conv2d_pad, place + 3, image, (n * 256 + p - 1) * 768, 768)
                fill_words(conv2d_pad, place + 3 + 768, 3, 0.0)
            else:
                fill_words(conv2d_pad, place, 774, 0.0)


@kernel
def compute_add(thread, threads, batch, clock, args):
    """Lines 8, 9. 11,010,048 FLOPs a row."""
    conv2d_kernel = matrix(args, 0, 27, 3)
    conv2d_pad = matrix(args, 1, batch * 66564, 3)
    conv2d_bias = matrix(args, 2, 1, 3)
    image = matrix(args, 3, batch * 65536, 3)
    add = matrix(args, 4, batch * 65536, 3)
    first, last = share(batch, ROWS, thread, threads)
    for n in range(first, last):
        for j in range(0, 3, LANES):
            panel = pack(conv2d_kernel, 0, j, 27, 1)
            for oy in range(256):
                for tile in range(0, 256, ROWS_256_BY_1):
                    ox = min(tile, 256 - ROWS_256_BY_1)
                    i = (n * 256 + oy) * 256 + ox
                    acc = zeros(ROWS_256_BY_1, 1)
                    for ty in range(3):
                        row = (n * 258 + oy + ty) * 258 + ox
                        kk = ty * 9
                        for k in range(9):
                            acc = outer(acc, conv2d_pad, row, k, panel, kk + k, 0)
                    conv2d = acc + load(conv2d_bias, 0, j, 1, 1)
                    store(add, i, j, conv2d + load(image, i, j, ROWS_256_BY_1, 1))


def predict(m):
    """The outputs of one batch."""
    conv2d_pad = m.rows(0, 199692)
    image = m.rows(199692, 196608)
    add = m.rows(396300, 196608)
    return [
        m.feed("image", image, 196608),
        compute_conv2d_pad(conv2d_pad, image),
        compute_add(
            m.weight("conv2d/kernel"),
            conv2d_pad,
            m.weight("conv2d/bias"),
            image,
            add,
        ),
        m.result("y", add, 196608),
    ]


SPEC = Spec(
    name="ResidualBlock",
    source="15_residual_block.k",
    version="0.1.0",
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
    programs = Programs(predict=(Steps(predict, 592908, 0, 11010048),))


SOURCE_NAME = "15_residual_block.k"
SOURCE_MAP = {"compute_conv2d_pad": (8,), "compute_add": (8, 9)}
SOURCE = """\
# A residual connection: the convolution learns what is to be added to its input.

param size = 256

model ResidualBlock:
    \"\"\"A picture plus a convolution of it.\"\"\"
    input image: float32[size, size, 3]
    change = image |> Conv2D(3, 3, padding="same")
    output y = Add()([change, image])
"""
