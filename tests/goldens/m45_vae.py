"""Decoder and Vae, as native code.

Built by kgen 0.1.0 from 45_vae.k; edit that, not this.

layer    kind     output        weights  line
dense    Dense    (batch, 256)      768    20
dense_1  Dense    (batch, 784)  201,488    20
total    Decoder                202,256

layer            kind    output        weights  line
dense            Dense   (batch, 256)  200,960    25
dense_1          Dense   (batch, 2)        514    26
dense_2          Dense   (batch, 2)        514    27
sample           Sample  (batch, 2)          0    29
decoder/dense    Dense   (batch, 256)      768    20
decoder/dense_1  Dense   (batch, 784)  201,488    20
total            Vae                   404,244
"""

from kgen.runtime.kernels import kernel, sync
from kgen.runtime.memory import Programs, Steps
from kgen.runtime.model import Model
from kgen.runtime.optimizers import Adam
from kgen.runtime.spec import Input, Layer, Metric, Output, Spec, Target, View, Weight
from kgen.runtime.tiles import (
    HALF_ROWS,
    LANES,
    ROWS,
    absolute,
    exp,
    full,
    keep_columns,
    load,
    load_column,
    load_scalar,
    log1p,
    matrix,
    maximum,
    normal,
    outer,
    outer_t,
    pack,
    pack_t,
    prefetch_write,
    random_key,
    row_sum,
    select,
    share,
    share_batch,
    share_block,
    sigmoid,
    sqrt,
    square,
    store,
    store_column,
    zeros,
)

DECODER_WEIGHTS = (
    Weight("dense/kernel", (2, 256), 0, "GlorotUniform", {"seed": None}),
    Weight("dense/bias", (256,), 512, "Zeros", {}),
    Weight("dense_1/kernel", (256, 784), 768, "GlorotUniform", {"seed": None}),
    Weight("dense_1/bias", (784,), 201472, "Zeros", {}),
)

VAE_WEIGHTS = (
    Weight("dense/kernel", (784, 256), 0, "GlorotUniform", {"seed": None}, step=272),
    Weight("dense/bias", (256,), 213248, "Zeros", {}),
    Weight("dense_1/kernel", (256, 2), 213504, "GlorotUniform", {"seed": None}),
    Weight("dense_1/bias", (2,), 214016, "Zeros", {}),
    Weight("dense_2/kernel", (256, 2), 214032, "GlorotUniform", {"seed": None}),
    Weight("dense_2/bias", (2,), 214544, "Zeros", {}),
    Weight("decoder/dense/kernel", (2, 256), 214560, "GlorotUniform", {"seed": None}),
    Weight("decoder/dense/bias", (256,), 215072, "Zeros", {}),
    Weight(
        "decoder/dense_1/kernel", (256, 784), 215328, "GlorotUniform", {"seed": None}
    ),
    Weight("decoder/dense_1/bias", (784,), 416032, "Zeros", {}),
)


@kernel
def compute_dense(thread, threads, batch, clock, args):
    """Line 20 of the model. 1,536 FLOPs a row."""
    code = matrix(args, 0, batch, 2)
    dense_kernel = matrix(args, 1, 2, 256)
    dense_bias = matrix(args, 2, 1, 256)
    dense = matrix(args, 3, batch, 256)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 256, 4 * LANES):
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(2):
                acc = outer(acc, code, i, k, dense_kernel, k, j)
            store(dense, i, j, maximum(acc + load(dense_bias, 0, j, 1, 4), 0.0))


@kernel
def compute_dense_1(thread, threads, batch, clock, args):
    """Line 20 of the model. 417,872 FLOPs a row."""
    dense = matrix(args, 0, batch, 256)
    dense_1_kernel = matrix(args, 1, 256, 784)
    dense_1_bias = matrix(args, 2, 1, 784)
    dense_1 = matrix(args, 3, batch, 784)
    first, last = share_batch(clock, batch, thread, threads)
    for top in range(first, last, 64):
        bottom = min(top + 64, last)
        for start in range(0, 256, 128):
            stop = min(start + 128, 256)
            for j in range(0, 784, 4 * LANES):
                for i in range(top, bottom, HALF_ROWS):
                    acc = zeros(HALF_ROWS, 4)
                    if start > 0:
                        acc = load(dense_1, i, j, HALF_ROWS, 4)
                    for k in range(start, stop):
                        acc = outer(acc, dense, i, k, dense_1_kernel, k, j)
                    if stop < 256:
                        store(dense_1, i, j, acc)
                        continue
                    store(dense_1, i, j, sigmoid(acc + load(dense_1_bias, 0, j, 1, 4)))


@kernel
def compute_dense_few(thread, threads, batch, clock, args):
    """Line 20 of the model. 1,536 FLOPs a row."""
    code = matrix(args, 0, batch, 2)
    dense_kernel = matrix(args, 1, 2, 256)
    dense_bias = matrix(args, 2, 1, 256)
    dense = matrix(args, 3, batch, 256)
    first, last, left, right = share_block(
        clock, batch, 256, 4 * LANES, thread, threads
    )
    for j in range(left, right, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(2):
                acc = outer(acc, code, i, k, dense_kernel, k, j)
            store(dense, i, j, maximum(acc + load(dense_bias, 0, j, 1, 4), 0.0))


@kernel
def compute_dense_1_few(thread, threads, batch, clock, args):
    """Line 20 of the model. 417,872 FLOPs a row."""
    dense = matrix(args, 0, batch, 256)
    dense_1_kernel = matrix(args, 1, 256, 784)
    dense_1_bias = matrix(args, 2, 1, 784)
    dense_1 = matrix(args, 3, batch, 784)
    first, last, left, right = share_block(
        clock, batch, 784, 4 * LANES, thread, threads
    )
    for j in range(left, right, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(256):
                acc = outer(acc, dense, i, k, dense_1_kernel, k, j)
            store(dense_1, i, j, sigmoid(acc + load(dense_1_bias, 0, j, 1, 4)))


@kernel
def compute_dense_2(thread, threads, batch, clock, args):
    """Line 25 of the model. 401,920 FLOPs a row."""
    image = matrix(args, 0, batch, 784)
    dense_kernel = matrix(args, 1, 784, 256, 272)
    dense_bias = matrix(args, 2, 1, 256)
    dense = matrix(args, 3, batch, 256)
    first, last = share_batch(clock, batch, thread, threads)
    for top in range(first, last, 64):
        bottom = min(top + 64, last)
        for start in range(0, 784, 112):
            stop = min(start + 112, 784)
            for j in range(0, 256, 4 * LANES):
                for i in range(top, bottom, HALF_ROWS):
                    acc = zeros(HALF_ROWS, 4)
                    if start > 0:
                        acc = load(dense, i, j, HALF_ROWS, 4)
                    for k in range(start, stop):
                        acc = outer(acc, image, i, k, dense_kernel, k, j)
                    if stop < 784:
                        store(dense, i, j, acc)
                        continue
                    store(dense, i, j, maximum(acc + load(dense_bias, 0, j, 1, 4), 0.0))


@kernel
def gradient_of_dense_1(thread, threads, batch, clock, args):
    """Lines 26, 31. 1,028 FLOPs a row."""
    dense = matrix(args, 0, batch, 256)
    dense_1_kernel = matrix(args, 1, 256, 2)
    dense_1_bias = matrix(args, 2, 1, 2)
    dense_1 = matrix(args, 3, batch, 2)
    d_dense_1 = matrix(args, 4, batch, 2)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 2, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(256):
                acc = outer(acc, dense, i, k, dense_1_kernel, k, j)
            dense_1_tile = acc + load(dense_1_bias, 0, j, 1, 1)
            store(dense_1, i, j, dense_1_tile)
            d_sum_1 = -0.0006377551 / full(1, 1, batch)
            d_exp = -d_sum_1
            store(d_dense_1, i, j, d_exp * (2.0 * dense_1_tile))


@kernel
def gradient_of_dense_2_1(thread, threads, batch, clock, args):
    """Lines 14, 27, 31. 1,098 FLOPs a row."""
    dense = matrix(args, 0, batch, 256)
    dense_2_kernel = matrix(args, 1, 256, 2)
    dense_2_bias = matrix(args, 2, 1, 2)
    sample_exp = matrix(args, 3, batch, 2)
    dense_1 = matrix(args, 4, batch, 2)
    sample = matrix(args, 5, batch, 2)
    subtract_1 = matrix(args, 6, batch, 2)
    d_dense_2_1 = matrix(args, 7, batch, 2)
    key = random_key(clock, 0)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 2, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(256):
                acc = outer(acc, dense, i, k, dense_2_kernel, k, j)
            dense_2 = acc + load(dense_2_bias, 0, j, 1, 1)
            sample_exp_tile = exp(0.5 * dense_2)
            store(sample_exp, i, j, sample_exp_tile)
            dense_1_tile = load(dense_1, i, j, ROWS, 1)
            random_normal = normal(key[0], key[1], i, j, 2, ROWS, 1)
            sample_tile = dense_1_tile + (sample_exp_tile * random_normal)
            store(sample, i, j, sample_tile)
            exp_ = exp(dense_2)
            subtract_1_tile = ((1.0 + dense_2) - square(dense_1_tile)) - exp_
            store(subtract_1, i, j, subtract_1_tile)
            d_sum_1 = -0.0006377551 / full(1, 1, batch)
            d_exp = -d_sum_1
            d_dense_2 = d_exp * exp_
            store(d_dense_2_1, i, j, d_dense_2 + d_sum_1)


@kernel
def compute_decoder_dense(thread, threads, batch, clock, args):
    """Line 20 of the model. 1,536 FLOPs a row."""
    sample = matrix(args, 0, batch, 2)
    decoder_dense_kernel = matrix(args, 1, 2, 256)
    decoder_dense_bias = matrix(args, 2, 1, 256)
    decoder_dense = matrix(args, 3, batch, 256)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 256, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(2):
                acc = outer(acc, sample, i, k, decoder_dense_kernel, k, j)
            decoder_dense_add = acc + load(decoder_dense_bias, 0, j, 1, 2)
            store(decoder_dense, i, j, maximum(decoder_dense_add, 0.0))


@kernel
def gradient_of_decoder_dense_1_add(thread, threads, batch, clock, args):
    """Lines 20, 36. 449,232 FLOPs a row."""
    decoder_dense = matrix(args, 0, batch, 256)
    decoder_dense_1_kernel = matrix(args, 1, 256, 784)
    decoder_dense_1_bias = matrix(args, 2, 1, 784)
    rebuilt_target = matrix(args, 3, batch, 784)
    rebuilt_loss_sigmoid_crossentropy = matrix(args, 4, batch, 784)
    rebuilt_sample_weight = matrix(args, 5, batch, 1)
    d_decoder_dense_1_add = matrix(args, 6, batch, 784)
    first, last = share_batch(clock, batch, thread, threads)
    for top in range(first, last, 64):
        bottom = min(top + 64, last)
        for start in range(0, 256, 128):
            stop = min(start + 128, 256)
            for j in range(0, 784, 4 * LANES):
                for i in range(top, bottom, HALF_ROWS):
                    acc = zeros(HALF_ROWS, 4)
                    if start > 0:
                        acc = load(
                            rebuilt_loss_sigmoid_crossentropy, i, j, HALF_ROWS, 4
                        )
                    for k in range(start, stop):
                        acc = outer(
                            acc, decoder_dense, i, k, decoder_dense_1_kernel, k, j
                        )
                    if stop < 256:
                        store(rebuilt_loss_sigmoid_crossentropy, i, j, acc)
                        continue
                    decoder_dense_1_add = acc + load(decoder_dense_1_bias, 0, j, 1, 4)
                    rebuilt_loss_log1p = log1p(exp(-absolute(decoder_dense_1_add)))
                    rebuilt_loss_as_float = select(decoder_dense_1_add > 0.0, 1.0, 0.0)
                    rebuilt_target_tile = load(rebuilt_target, i, j, HALF_ROWS, 4)
                    rebuilt_loss_subtract = rebuilt_loss_as_float - rebuilt_target_tile
                    rebuilt_loss_multiply = rebuilt_loss_subtract * decoder_dense_1_add
                    rebuilt_loss_sigmoid_crossentropy_tile = (
                        rebuilt_loss_log1p + rebuilt_loss_multiply
                    )
                    store(
                        rebuilt_loss_sigmoid_crossentropy,
                        i,
                        j,
                        rebuilt_loss_sigmoid_crossentropy_tile,
                    )
                    d_rebuilt_loss_sigmoid = sigmoid(decoder_dense_1_add)
                    d_rebuilt_loss_subtract = (
                        d_rebuilt_loss_sigmoid - rebuilt_target_tile
                    )
                    d_rebuilt_loss_sum_2 = 1.0 / full(1, 1, batch)
                    rebuilt_sample_weight_tile = load_column(
                        rebuilt_sample_weight, i, HALF_ROWS
                    )
                    d_multiply_2 = d_rebuilt_loss_sum_2 * rebuilt_sample_weight_tile
                    d_rebuilt_loss_sum = d_multiply_2 * 0.0012755102
                    d_decoder_dense_1_add_tile = (
                        d_rebuilt_loss_sum * d_rebuilt_loss_subtract
                    )
                    store(d_decoder_dense_1_add, i, j, d_decoder_dense_1_add_tile)


@kernel
def compute_sum(thread, threads, batch, clock, args):
    """Line 31 of the model. 2 FLOPs a row."""
    subtract_1 = matrix(args, 0, batch, 2)
    sum_ = matrix(args, 1, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        subtract_1_tile = load(subtract_1, i, 0, 2, 1)
        sum_tile = row_sum(keep_columns(subtract_1_tile, 0, 2, 0.0))
        store_column(sum_, i, sum_tile)


@kernel
def compute_figures(thread, threads, batch, clock, args):
    """Lines 25, 32, 36. 2 FLOPs a row, 11 FLOPs."""
    sum_ = matrix(args, 0, batch, 1)
    rebuilt_loss_multiply_1 = matrix(args, 1, batch, 1)
    multiply_2_1 = matrix(args, 2, 1, 1)
    copy = matrix(args, 3, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        summed_2 = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(sum_, i, j, 1, 1)
            summed_2 = summed_2 + load(rebuilt_loss_multiply_1, i, j, 1, 1)
        rebuilt_loss = summed_2 / full(1, 1, batch)
        multiply = (-0.5 * (summed / full(1, 1, batch))) * 0.0012755102
        batch_size_1 = full(1, 1, batch)
        store(multiply_2_1, 0, j, (rebuilt_loss + multiply) * batch_size_1)
        store(copy, 0, j, batch_size_1)


@kernel
def compute_rebuilt_loss_multiply_1(thread, threads, batch, clock, args):
    """Line 36 of the model. 785 FLOPs a row."""
    rebuilt_loss_sigmoid_crossentropy = matrix(args, 0, batch, 784)
    rebuilt_sample_weight = matrix(args, 1, batch, 1)
    rebuilt_loss_multiply_1 = matrix(args, 2, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        summed = full(1, 4, 0.0)
        for j in range(0, 784, 4 * LANES):
            rebuilt_loss_sigmoid_crossentropy_tile = load(
                rebuilt_loss_sigmoid_crossentropy, i, j, 1, 4
            )
            summed = summed + keep_columns(
                rebuilt_loss_sigmoid_crossentropy_tile, j, 784, 0.0
            )
        rebuilt_loss_sum = row_sum(summed)
        multiply_2 = rebuilt_loss_sum * 0.0012755102
        rebuilt_sample_weight_tile = load_column(rebuilt_sample_weight, i, 1)
        rebuilt_loss_multiply_1_tile = multiply_2 * rebuilt_sample_weight_tile
        store_column(rebuilt_loss_multiply_1, i, rebuilt_loss_multiply_1_tile)


@kernel
def gradient_of_decoder_dense_1_bias(thread, threads, batch, clock, args):
    """Line 20 of the model. 784 FLOPs a row."""
    d_decoder_dense_1_add = matrix(args, 0, batch, 784)
    d_decoder_dense_1_bias = matrix(args, 1, 1, 784)
    first, last = share(784, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(batch):
            summed = summed + load(d_decoder_dense_1_add, i, j, 1, 4)
        store(d_decoder_dense_1_bias, 0, j, summed)


@kernel
def gradient_of_decoder_dense_add(thread, threads, batch, clock, args):
    """Line 20 of the model. 401,664 FLOPs a row."""
    d_decoder_dense_1_add = matrix(args, 0, batch, 784)
    decoder_dense_1_kernel = matrix(args, 1, 256, 784)
    decoder_dense = matrix(args, 2, batch, 256)
    d_decoder_dense_add = matrix(args, 3, batch, 256)
    first, last = share_batch(clock, batch, thread, threads)
    for top in range(first, last, 128):
        bottom = min(top + 128, last)
        for start in range(0, 784, 112):
            stop = min(start + 112, 784)
            for j in range(0, 256, 4 * LANES):
                panel = pack_t(decoder_dense_1_kernel, j, start, 112, 4, stop - start)
                for i in range(top, bottom, HALF_ROWS):
                    acc = zeros(HALF_ROWS, 4)
                    if start > 0:
                        acc = load(d_decoder_dense_add, i, j, HALF_ROWS, 4)
                    for k in range(start, stop):
                        acc = outer(
                            acc, d_decoder_dense_1_add, i, k, panel, k - start, 0
                        )
                    if stop < 784:
                        store(d_decoder_dense_add, i, j, acc)
                        continue
                    decoder_dense_tile = load(decoder_dense, i, j, HALF_ROWS, 4)
                    d_decoder_dense_greater = decoder_dense_tile > 0.0
                    d_decoder_dense_add_tile = select(d_decoder_dense_greater, acc, 0.0)
                    store(d_decoder_dense_add, i, j, d_decoder_dense_add_tile)


@kernel
def gradient_of_decoder_dense_1_kernel(thread, threads, batch, clock, args):
    """Line 20 of the model. 401,408 FLOPs a row."""
    decoder_dense = matrix(args, 0, batch, 256)
    d_decoder_dense_1_add = matrix(args, 1, batch, 784)
    d_decoder_dense_1_kernel = matrix(args, 2, 256, 784)
    first, last = share(784, 4 * LANES, thread, threads)
    for start in range(0, batch, 128):
        count = min(128, batch - start)
        for j in range(first, last, 4 * LANES):
            panel = pack(d_decoder_dense_1_add, start, j, 128, 4, count)
            for i in range(0, 256, HALF_ROWS):
                acc = zeros(HALF_ROWS, 4)
                if start > 0:
                    acc = load(d_decoder_dense_1_kernel, i, j, HALF_ROWS, 4)
                for k in range(count):
                    acc = outer_t(acc, decoder_dense, start + k, i, panel, k, 0)
                store(d_decoder_dense_1_kernel, i, j, acc)


@kernel
def gradient_of_dense_bias(thread, threads, batch, clock, args):
    """Lines 20, 25. 512 FLOPs a row."""
    d_decoder_dense_add = matrix(args, 0, batch, 256)
    d_dense_add = matrix(args, 1, batch, 256)
    d_decoder_dense_bias = matrix(args, 2, 1, 256)
    d_dense_bias = matrix(args, 3, 1, 256)
    first, last = share(256, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        summed_2 = full(1, 4, 0.0)
        for i in range(batch):
            summed = summed + load(d_decoder_dense_add, i, j, 1, 4)
            summed_2 = summed_2 + load(d_dense_add, i, j, 1, 4)
        store(d_decoder_dense_bias, 0, j, summed)
        store(d_dense_bias, 0, j, summed_2)


@kernel
def gradient_of_dense_2_2(thread, threads, batch, clock, args):
    """Lines 14, 20. 1,030 FLOPs a row."""
    d_decoder_dense_add = matrix(args, 0, batch, 256)
    decoder_dense_kernel = matrix(args, 1, 2, 256)
    d_dense_1 = matrix(args, 2, batch, 2)
    d_dense_1_1 = matrix(args, 3, batch, 2)
    sample_exp = matrix(args, 4, batch, 2)
    d_dense_2_1 = matrix(args, 5, batch, 2)
    d_dense_2_2 = matrix(args, 6, batch, 2)
    key = random_key(clock, 0)
    first, last = share_batch(clock, batch, thread, threads)
    for top in range(first, last, 128):
        bottom = min(top + 128, last)
        for start in range(0, 256, 128):
            stop = min(start + 128, 256)
            for j in range(0, 2, LANES):
                panel = pack_t(decoder_dense_kernel, j, start, 128, 1, stop - start)
                for i in range(top, bottom, ROWS):
                    acc = zeros(ROWS, 1)
                    if start > 0:
                        acc = load(d_dense_1_1, i, j, ROWS, 1)
                    for k in range(start, stop):
                        acc = outer(acc, d_decoder_dense_add, i, k, panel, k - start, 0)
                    if stop < 256:
                        store(d_dense_1_1, i, j, acc)
                        continue
                    store(d_dense_1_1, i, j, load(d_dense_1, i, j, ROWS, 1) + acc)
                    d_sample_exp = acc * normal(key[0], key[1], i, j, 2, ROWS, 1)
                    d_sample_multiply_3 = d_sample_exp * load(sample_exp, i, j, ROWS, 1)
                    d_dense_2_1_tile = load(d_dense_2_1, i, j, ROWS, 1)
                    d_dense_2_2_tile = d_dense_2_1_tile + (d_sample_multiply_3 * 0.5)
                    store(d_dense_2_2, i, j, d_dense_2_2_tile)


@kernel
def gradient_of_decoder_dense_kernel(thread, threads, batch, clock, args):
    """Line 20 of the model. 1,024 FLOPs a row."""
    sample = matrix(args, 0, batch, 2)
    d_decoder_dense_add = matrix(args, 1, batch, 256)
    d_decoder_dense_kernel = matrix(args, 2, 2, 256)
    first, last = share(256, 4 * LANES, thread, threads)
    for start in range(0, batch, 128):
        count = min(128, batch - start)
        for j in range(first, last, 4 * LANES):
            panel = pack(d_decoder_dense_add, start, j, 128, 4, count)
            for i in range(0, 2, HALF_ROWS):
                acc = zeros(HALF_ROWS, 4)
                if start > 0:
                    acc = load(d_decoder_dense_kernel, i, j, HALF_ROWS, 4)
                for k in range(count):
                    acc = outer_t(acc, sample, start + k, i, panel, k, 0)
                store(d_decoder_dense_kernel, i, j, acc)


@kernel
def gradient_of_dense_1_bias(thread, threads, batch, clock, args):
    """Lines 26, 27. 4 FLOPs a row."""
    d_dense_2_2 = matrix(args, 0, batch, 2)
    d_dense_1_1 = matrix(args, 1, batch, 2)
    d_dense_2_bias = matrix(args, 2, 1, 2)
    d_dense_1_bias = matrix(args, 3, 1, 2)
    first, last = share(2, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        summed_2 = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(d_dense_2_2, i, j, 1, 1)
            summed_2 = summed_2 + load(d_dense_1_1, i, j, 1, 1)
        store(d_dense_2_bias, 0, j, summed)
        store(d_dense_1_bias, 0, j, summed_2)


@kernel
def gradient_of_dense_dot(thread, threads, batch, clock, args):
    """Line 27 of the model. 1,024 FLOPs a row."""
    d_dense_2_2 = matrix(args, 0, batch, 2)
    dense_2_kernel = matrix(args, 1, 256, 2)
    d_dense_dot = matrix(args, 2, batch, 256)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 256, 4 * LANES):
        panel = pack_t(dense_2_kernel, j, 0, 2, 4, 2)
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(2):
                acc = outer(acc, d_dense_2_2, i, k, panel, k, 0)
            store(d_dense_dot, i, j, acc)


@kernel
def gradient_of_dense_2_kernel(thread, threads, batch, clock, args):
    """Lines 26, 27. 1,024 FLOPs a row."""
    dense = matrix(args, 0, batch, 256)
    d_dense_2_2 = matrix(args, 1, batch, 2)
    d_dense_2_kernel = matrix(args, 2, 256, 2)
    first, last = share(256, ROWS, thread, threads)
    for j in range(0, 2, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(batch):
                acc = outer_t(acc, dense, k, i, d_dense_2_2, k, j)
            store(d_dense_2_kernel, i, j, acc)


@kernel
def gradient_of_dense_add(thread, threads, batch, clock, args):
    """Lines 25, 26. 1,536 FLOPs a row."""
    d_dense_1_1 = matrix(args, 0, batch, 2)
    dense_1_kernel = matrix(args, 1, 256, 2)
    d_dense_dot = matrix(args, 2, batch, 256)
    dense = matrix(args, 3, batch, 256)
    d_dense_add = matrix(args, 4, batch, 256)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 256, 4 * LANES):
        panel = pack_t(dense_1_kernel, j, 0, 2, 4, 2)
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(2):
                acc = outer(acc, d_dense_1_1, i, k, panel, k, 0)
            d_dense_3 = load(d_dense_dot, i, j, HALF_ROWS, 4) + acc
            d_dense_greater = load(dense, i, j, HALF_ROWS, 4) > 0.0
            store(d_dense_add, i, j, select(d_dense_greater, d_dense_3, 0.0))


@kernel
def gradient_of_dense_kernel(thread, threads, batch, clock, args):
    """Line 25 of the model. 401,408 FLOPs a row."""
    image = matrix(args, 0, batch, 784)
    d_dense_add = matrix(args, 1, batch, 256)
    d_dense_kernel = matrix(args, 2, 784, 256, 272)
    first, last = share(784, ROWS, thread, threads)
    for start in range(0, batch, 128):
        count = min(128, batch - start)
        for j in range(0, 256, 4 * LANES):
            panel = pack(d_dense_add, start, j, 128, 4, count)
            for i in range(first, last, HALF_ROWS):
                acc = zeros(HALF_ROWS, 4)
                if start > 0:
                    acc = load(d_dense_kernel, i, j, HALF_ROWS, 4)
                for k in range(count):
                    acc = outer_t(acc, image, start + k, i, panel, k, 0)
                store(d_dense_kernel, i, j, acc)


@kernel
def update_weights(thread, threads, batch, clock, args):
    """All weights at once. 6,669,056 FLOPs."""
    gradients = matrix(args, 0, 1, 416816)
    momentum = matrix(args, 1, 1, 416816)
    velocity = matrix(args, 2, 1, 416816)
    alpha = matrix(args, 3, 1, 1)
    weights = matrix(args, 4, 1, 416816)
    first, last = share(416816, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        prefetch_write(momentum, 0, j + 16 * LANES, 1, 4)
        prefetch_write(velocity, 0, j + 16 * LANES, 1, 4)
        prefetch_write(weights, 0, j + 16 * LANES, 1, 4)
        gradients_tile = load(gradients, 0, j, 1, 4)
        momentum_tile = load(momentum, 0, j, 1, 4)
        add_tile = momentum_tile + ((gradients_tile - momentum_tile) * 0.1)
        store(momentum, 0, j, add_tile)
        velocity_tile = load(velocity, 0, j, 1, 4)
        multiply_1 = (square(gradients_tile) - velocity_tile) * 0.001
        add_1_tile = velocity_tile + multiply_1
        store(velocity, 0, j, add_1_tile)
        alpha_2 = load_scalar(alpha, 0, 0)
        divide = (add_tile * alpha_2) / (sqrt(add_1_tile) + 1e-07)
        store(weights, 0, j, load(weights, 0, j, 1, 4) - divide)


@kernel
def compute_dense_1_2(thread, threads, batch, clock, args):
    """Line 26 of the model. 1,026 FLOPs a row."""
    dense = matrix(args, 0, batch, 256)
    dense_1_kernel = matrix(args, 1, 256, 2)
    dense_1_bias = matrix(args, 2, 1, 2)
    dense_1 = matrix(args, 3, batch, 2)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 2, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(256):
                acc = outer(acc, dense, i, k, dense_1_kernel, k, j)
            store(dense_1, i, j, acc + load(dense_1_bias, 0, j, 1, 1))


@kernel
def compute_subtract_1(thread, threads, batch, clock, args):
    """Lines 27, 31. 1,062 FLOPs a row."""
    dense = matrix(args, 0, batch, 256)
    dense_2_kernel = matrix(args, 1, 256, 2)
    dense_2_bias = matrix(args, 2, 1, 2)
    dense_1 = matrix(args, 3, batch, 2)
    subtract_1 = matrix(args, 4, batch, 2)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 2, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(256):
                acc = outer(acc, dense, i, k, dense_2_kernel, k, j)
            dense_2 = acc + load(dense_2_bias, 0, j, 1, 1)
            subtract = (1.0 + dense_2) - square(load(dense_1, i, j, ROWS, 1))
            store(subtract_1, i, j, subtract - exp(dense_2))


@kernel
def compute_rebuilt_loss_sigmoid_crossentropy(thread, threads, batch, clock, args):
    """Lines 20, 36. 431,984 FLOPs a row."""
    decoder_dense = matrix(args, 0, batch, 256)
    decoder_dense_1_kernel = matrix(args, 1, 256, 784)
    decoder_dense_1_bias = matrix(args, 2, 1, 784)
    rebuilt_target = matrix(args, 3, batch, 784)
    rebuilt_loss_sigmoid_crossentropy = matrix(args, 4, batch, 784)
    first, last = share_batch(clock, batch, thread, threads)
    for top in range(first, last, 64):
        bottom = min(top + 64, last)
        for start in range(0, 256, 128):
            stop = min(start + 128, 256)
            for j in range(0, 784, 4 * LANES):
                for i in range(top, bottom, HALF_ROWS):
                    acc = zeros(HALF_ROWS, 4)
                    if start > 0:
                        acc = load(
                            rebuilt_loss_sigmoid_crossentropy, i, j, HALF_ROWS, 4
                        )
                    for k in range(start, stop):
                        acc = outer(
                            acc, decoder_dense, i, k, decoder_dense_1_kernel, k, j
                        )
                    if stop < 256:
                        store(rebuilt_loss_sigmoid_crossentropy, i, j, acc)
                        continue
                    decoder_dense_1_add = acc + load(decoder_dense_1_bias, 0, j, 1, 4)
                    rebuilt_loss_log1p = log1p(exp(-absolute(decoder_dense_1_add)))
                    rebuilt_loss_as_float = select(decoder_dense_1_add > 0.0, 1.0, 0.0)
                    rebuilt_target_tile = load(rebuilt_target, i, j, HALF_ROWS, 4)
                    rebuilt_loss_subtract = rebuilt_loss_as_float - rebuilt_target_tile
                    rebuilt_loss_multiply = rebuilt_loss_subtract * decoder_dense_1_add
                    rebuilt_loss_sigmoid_crossentropy_tile = (
                        rebuilt_loss_log1p + rebuilt_loss_multiply
                    )
                    store(
                        rebuilt_loss_sigmoid_crossentropy,
                        i,
                        j,
                        rebuilt_loss_sigmoid_crossentropy_tile,
                    )


@kernel
def compute_dense_few_2(thread, threads, batch, clock, args):
    """Line 25 of the model. 401,920 FLOPs a row."""
    image = matrix(args, 0, batch, 784)
    dense_kernel = matrix(args, 1, 784, 256, 272)
    dense_bias = matrix(args, 2, 1, 256)
    dense = matrix(args, 3, batch, 256)
    first, last, left, right = share_block(
        clock, batch, 256, 4 * LANES, thread, threads
    )
    for j in range(left, right, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(784):
                acc = outer(acc, image, i, k, dense_kernel, k, j)
            store(dense, i, j, maximum(acc + load(dense_bias, 0, j, 1, 4), 0.0))


def decoder_predict(m):
    """The outputs of one batch."""
    code = m.rows(1040, 2)
    dense = m.rows(784, 256)
    dense_1 = m.rows(0, 784)
    return [
        m.feed("code", code, 2),
        compute_dense(code, m.weight("dense/kernel"), m.weight("dense/bias"), dense),
        compute_dense_1(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        m.result("image", dense_1, 784),
    ]


def decoder_predict_few(m):
    """The outputs of one row, or of a few."""
    code = m.rows(1040, 2)
    dense = m.rows(784, 256)
    dense_1 = m.rows(0, 784)
    return [
        m.feed("code", code, 2),
        compute_dense_few(
            code, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_dense_1_few(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        m.result("image", dense_1, 784),
    ]


DECODER_SPEC = Spec(
    name="Decoder",
    source="45_vae.k",
    version="0.1.0",
    fingerprint="88074dbb4051b4a2",
    inputs=(Input("code", "float32", (2,)),),
    outputs=(Output("image", (784,)),),
    targets=(),
    weights=DECODER_WEIGHTS,
    metrics=(),
    layers=(
        Layer("dense", "Dense", (256,), 768, 1536, 20, ("dense/kernel", "dense/bias")),
        Layer(
            "dense_1",
            "Dense",
            (784,),
            201488,
            417872,
            20,
            ("dense_1/kernel", "dense_1/bias"),
        ),
    ),
    trainable=202256,
    size=202256,
    feeds=("code",),
)


class Decoder(Model):
    """A picture from its code."""

    spec = DECODER_SPEC
    programs = Programs(
        predict=(Steps(decoder_predict, 1042, 0, 419408),),
        few=(Steps(decoder_predict_few, 1042, 0, 419408),),
    )


def vae_gradients(m):
    """Forward, loss and backward of one batch of training."""
    image = m.rows(0, 784)
    dense = m.rows(3136, 256)
    dense_1 = m.rows(4416, 2)
    d_dense_1 = m.rows(4418, 2)
    sample_exp = m.rows(4420, 2)
    sample = m.rows(4422, 2)
    subtract_1 = m.rows(4424, 2)
    d_dense_2_1 = m.rows(4426, 2)
    decoder_dense = m.rows(3392, 256)
    rebuilt_target = m.rows(784, 784)
    rebuilt_loss_sigmoid_crossentropy = m.rows(1568, 784)
    rebuilt_sample_weight = m.rows(4432, 1)
    d_decoder_dense_1_add = m.rows(2352, 784)
    sum = m.rows(4433, 1)
    rebuilt_loss_multiply_1 = m.rows(4434, 1)
    d_decoder_dense_add = m.rows(3648, 256)
    d_dense_1_1 = m.rows(4428, 2)
    d_dense_2_2 = m.rows(4430, 2)
    d_dense_dot = m.rows(3904, 256)
    d_dense_add = m.rows(4160, 256)
    return [
        m.feed("image", image, 784),
        m.feed("rebuilt_target", rebuilt_target, 784),
        m.feed("rebuilt_sample_weight", rebuilt_sample_weight, 1),
        compute_dense_2(image, m.weight("dense/kernel"), m.weight("dense/bias"), dense),
        gradient_of_dense_1(
            dense,
            m.weight("dense_1/kernel"),
            m.weight("dense_1/bias"),
            dense_1,
            d_dense_1,
        ),
        gradient_of_dense_2_1(
            dense,
            m.weight("dense_2/kernel"),
            m.weight("dense_2/bias"),
            sample_exp,
            dense_1,
            sample,
            subtract_1,
            d_dense_2_1,
        ),
        compute_decoder_dense(
            sample,
            m.weight("decoder/dense/kernel"),
            m.weight("decoder/dense/bias"),
            decoder_dense,
        ),
        gradient_of_decoder_dense_1_add(
            decoder_dense,
            m.weight("decoder/dense_1/kernel"),
            m.weight("decoder/dense_1/bias"),
            rebuilt_target,
            rebuilt_loss_sigmoid_crossentropy,
            rebuilt_sample_weight,
            d_decoder_dense_1_add,
        ),
        compute_sum(subtract_1, sum),
        compute_rebuilt_loss_multiply_1(
            rebuilt_loss_sigmoid_crossentropy,
            rebuilt_sample_weight,
            rebuilt_loss_multiply_1,
        ),
        gradient_of_decoder_dense_add(
            d_decoder_dense_1_add,
            m.weight("decoder/dense_1/kernel"),
            decoder_dense,
            d_decoder_dense_add,
        ),
        gradient_of_dense_2_2(
            d_decoder_dense_add,
            m.weight("decoder/dense/kernel"),
            d_dense_1,
            d_dense_1_1,
            sample_exp,
            d_dense_2_1,
            d_dense_2_2,
        ),
        gradient_of_dense_dot(d_dense_2_2, m.weight("dense_2/kernel"), d_dense_dot),
        gradient_of_dense_add(
            d_dense_1_1, m.weight("dense_1/kernel"), d_dense_dot, dense, d_dense_add
        ),
        sync,
        compute_figures(sum, rebuilt_loss_multiply_1, m.figure(0), m.figure(1)),
        gradient_of_decoder_dense_1_bias(
            d_decoder_dense_1_add, m.gradient("decoder/dense_1/bias")
        ),
        gradient_of_decoder_dense_1_kernel(
            decoder_dense, d_decoder_dense_1_add, m.gradient("decoder/dense_1/kernel")
        ),
        gradient_of_dense_bias(
            d_decoder_dense_add,
            d_dense_add,
            m.gradient("decoder/dense/bias"),
            m.gradient("dense/bias"),
        ),
        gradient_of_decoder_dense_kernel(
            sample, d_decoder_dense_add, m.gradient("decoder/dense/kernel")
        ),
        gradient_of_dense_1_bias(
            d_dense_2_2,
            d_dense_1_1,
            m.gradient("dense_2/bias"),
            m.gradient("dense_1/bias"),
        ),
        gradient_of_dense_2_kernel(dense, d_dense_2_2, m.gradient("dense_2/kernel")),
        gradient_of_dense_2_kernel(dense, d_dense_1_1, m.gradient("dense_1/kernel")),
        gradient_of_dense_kernel(image, d_dense_add, m.gradient("dense/kernel")),
    ]


def vae_update(m):
    """The optimizer's step."""
    return [
        update_weights(
            m.gradients(),
            m.slot("momentum"),
            m.slot("velocity"),
            m.scalar(0),
            m.weights(),
        ),
    ]


def vae_evaluate(m):
    """Loss and metrics of one batch."""
    image = m.rows(0, 784)
    dense = m.rows(2352, 256)
    dense_1 = m.rows(2864, 2)
    subtract_1 = m.rows(2866, 2)
    decoder_dense = m.rows(2608, 256)
    rebuilt_target = m.rows(784, 784)
    rebuilt_loss_sigmoid_crossentropy = m.rows(1568, 784)
    sum = m.rows(2869, 1)
    rebuilt_sample_weight = m.rows(2868, 1)
    rebuilt_loss_multiply_1 = m.rows(2870, 1)
    return [
        m.feed("image", image, 784),
        m.feed("rebuilt_target", rebuilt_target, 784),
        m.feed("rebuilt_sample_weight", rebuilt_sample_weight, 1),
        compute_dense_2(image, m.weight("dense/kernel"), m.weight("dense/bias"), dense),
        compute_dense_1_2(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_subtract_1(
            dense,
            m.weight("dense_2/kernel"),
            m.weight("dense_2/bias"),
            dense_1,
            subtract_1,
        ),
        compute_dense(
            dense_1,
            m.weight("decoder/dense/kernel"),
            m.weight("decoder/dense/bias"),
            decoder_dense,
        ),
        compute_rebuilt_loss_sigmoid_crossentropy(
            decoder_dense,
            m.weight("decoder/dense_1/kernel"),
            m.weight("decoder/dense_1/bias"),
            rebuilt_target,
            rebuilt_loss_sigmoid_crossentropy,
        ),
        compute_sum(subtract_1, sum),
        compute_rebuilt_loss_multiply_1(
            rebuilt_loss_sigmoid_crossentropy,
            rebuilt_sample_weight,
            rebuilt_loss_multiply_1,
        ),
        sync,
        compute_figures(sum, rebuilt_loss_multiply_1, m.figure(0), m.figure(1)),
    ]


def vae_predict(m):
    """The outputs of one batch."""
    image = m.rows(0, 784)
    dense = m.rows(1568, 256)
    dense_1 = m.rows(2080, 2)
    decoder_dense = m.rows(1824, 256)
    decoder_dense_1 = m.rows(784, 784)
    return [
        m.feed("image", image, 784),
        compute_dense_2(image, m.weight("dense/kernel"), m.weight("dense/bias"), dense),
        compute_dense_1_2(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_dense(
            dense_1,
            m.weight("decoder/dense/kernel"),
            m.weight("decoder/dense/bias"),
            decoder_dense,
        ),
        compute_dense_1(
            decoder_dense,
            m.weight("decoder/dense_1/kernel"),
            m.weight("decoder/dense_1/bias"),
            decoder_dense_1,
        ),
        m.result("rebuilt", decoder_dense_1, 784),
    ]


def vae_predict_few(m):
    """The outputs of one row, or of a few."""
    image = m.rows(0, 784)
    dense = m.rows(1568, 256)
    dense_1 = m.rows(2080, 2)
    decoder_dense = m.rows(1824, 256)
    decoder_dense_1 = m.rows(784, 784)
    return [
        m.feed("image", image, 784),
        compute_dense_few_2(
            image, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_dense_1_2(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_dense_few(
            dense_1,
            m.weight("decoder/dense/kernel"),
            m.weight("decoder/dense/bias"),
            decoder_dense,
        ),
        compute_dense_1_few(
            decoder_dense,
            m.weight("decoder/dense_1/kernel"),
            m.weight("decoder/dense_1/bias"),
            decoder_dense_1,
        ),
        m.result("rebuilt", decoder_dense_1, 784),
    ]


def vae_encode(m):
    """The view `encode` of one batch."""
    image = m.rows(0, 784)
    dense = m.rows(784, 256)
    dense_1 = m.rows(1040, 2)
    return [
        m.feed("image", image, 784),
        compute_dense_2(image, m.weight("dense/kernel"), m.weight("dense/bias"), dense),
        compute_dense_1_2(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        m.result("encode", dense_1, 2),
    ]


def vae_decoder(m):
    """The view `decoder` of one batch."""
    code_1 = m.rows(1040, 2)
    decoder_dense = m.rows(784, 256)
    decoder_dense_1 = m.rows(0, 784)
    return [
        m.feed("code", code_1, 2),
        compute_dense(
            code_1,
            m.weight("decoder/dense/kernel"),
            m.weight("decoder/dense/bias"),
            decoder_dense,
        ),
        compute_dense_1(
            decoder_dense,
            m.weight("decoder/dense_1/kernel"),
            m.weight("decoder/dense_1/bias"),
            decoder_dense_1,
        ),
        m.result("image", decoder_dense_1, 784),
    ]


VAE_SPEC = Spec(
    name="Vae",
    source="45_vae.k",
    version="0.1.0",
    fingerprint="98158909b5f5049e-e163ce131454e4d2-50e701833f86dca4",
    inputs=(Input("image", "float32", (784,)),),
    outputs=(Output("rebuilt", (784,)),),
    targets=(Target("rebuilt", "float32", (784,)),),
    weights=VAE_WEIGHTS,
    metrics=(Metric("loss", (0, 1)),),
    layers=(
        Layer(
            "dense", "Dense", (256,), 200960, 401920, 25, ("dense/kernel", "dense/bias")
        ),
        Layer(
            "dense_1", "Dense", (2,), 514, 1026, 26, ("dense_1/kernel", "dense_1/bias")
        ),
        Layer("dense_2", "Dense", (2,), 514, 0, 27, ("dense_2/kernel", "dense_2/bias")),
        Layer("sample", "Sample", (2,), 0, 0, 29),
        Layer(
            "decoder/dense",
            "Dense",
            (256,),
            768,
            0,
            20,
            ("decoder/dense/kernel", "decoder/dense/bias"),
        ),
        Layer(
            "decoder/dense_1",
            "Dense",
            (784,),
            201488,
            0,
            20,
            ("decoder/dense_1/kernel", "decoder/dense_1/bias"),
        ),
    ),
    trainable=416816,
    size=416816,
    slots={"momentum": 0.0, "velocity": 0.0},
    optimizer=Adam(learning_rate=0.001),
    totals=2,
    feeds=("image", "rebuilt_target", "rebuilt_sample_weight"),
    beside=(("dense_1", "dense_2"),),
    views=(
        View(
            "encode",
            (Input("image", "float32", (784,)),),
            (Output("encode", (2,)),),
            ("image",),
        ),
        View(
            "decoder",
            (Input("code", "float32", (2,)),),
            (Output("image", (784,)),),
            ("code",),
        ),
    ),
)


class Vae(Model):
    """Pictures through a code of few numbers."""

    spec = VAE_SPEC
    programs = Programs(
        train=(Steps(vae_gradients, 4435, 0, 2068045), Steps(vae_update, 4435, 0, 0)),
        gradient=(Steps(vae_gradients, 4435, 0, 2068045),),
        evaluate=(Steps(vae_evaluate, 2871, 0, 838317),),
        predict=(Steps(vae_predict, 2082, 0, 822354),),
        few=(Steps(vae_predict_few, 2082, 0, 822354),),
        views={
            "encode": (Steps(vae_encode, 1042, 0, 402946),),
            "decoder": (Steps(vae_decoder, 1042, 0, 419408),),
        },
    )


SOURCE_NAME = "45_vae.k"
SOURCE_MAP = {
    "compute_dense": (20,),
    "compute_dense_1": (20,),
    "compute_dense_few": (20,),
    "compute_dense_1_few": (20,),
    "compute_dense_2": (25,),
    "gradient_of_dense_1": (26, 31),
    "gradient_of_dense_2_1": (14, 27, 31),
    "compute_decoder_dense": (20,),
    "gradient_of_decoder_dense_1_add": (20, 36),
    "compute_sum": (31,),
    "compute_figures": (25, 32, 36),
    "compute_rebuilt_loss_multiply_1": (36,),
    "gradient_of_decoder_dense_1_bias": (20,),
    "gradient_of_decoder_dense_add": (20,),
    "gradient_of_decoder_dense_1_kernel": (20,),
    "gradient_of_dense_bias": (20, 25),
    "gradient_of_dense_2_2": (14, 20),
    "gradient_of_decoder_dense_kernel": (20,),
    "gradient_of_dense_1_bias": (26, 27),
    "gradient_of_dense_dot": (27,),
    "gradient_of_dense_2_kernel": (26, 27),
    "gradient_of_dense_add": (25, 26),
    "gradient_of_dense_kernel": (25,),
    "update_weights": (),
    "compute_dense_1_2": (26,),
    "compute_subtract_1": (27, 31),
    "compute_rebuilt_loss_sigmoid_crossentropy": (20, 36),
    "compute_dense_few_2": (25,),
}
SOURCE = """\
# A variational autoencoder: the encoder gives a mean and a spread for each picture, a number is
# drawn from there, the decoder makes a picture of it. The draw is a standard normal's, moved and
# stretched, so that gradients pass to mean and spread; `add_loss` keeps both near a standard
# normal's (the KL term).

param pixels = 784
param width = 256
param latent = 2
param noise = 1.0

layer Sample()(centre, log_variance, training):
    \"\"\"A draw in training, the centre itself afterwards.\"\"\"
    if training:
        return centre + exp(0.5 * log_variance) * GaussianNoise(noise)(zeros_like(centre))
    return centre

model Decoder(pixels=784, width=256, latent=2):
    \"\"\"A picture from its code.\"\"\"
    input code: float32[latent]
    output image = code |> Dense(width, activation="relu") |> Dense(pixels, activation="sigmoid")

model Vae:
    \"\"\"Pictures through a code of few numbers.\"\"\"
    input image: float32[pixels]
    h = image |> Dense(width, activation="relu")
    centre = h |> Dense(latent)
    log_variance = h |> Dense(latent)
    decoder = Decoder(pixels, width, latent)
    code = Sample()(centre, log_variance)
    output rebuilt = decoder(code)
    divergence = sum(1 + log_variance - square(centre) - exp(log_variance), axis=-1)
    add_loss(-0.5 * mean(divergence) / pixels)
    view encode(image) = centre
    train:
        optimizer = "adam"
        loss = "binary_crossentropy"
"""
