"""SequenceClassifier, as native code.

Built by kgen 0.1.0 from 06_conv1d.k; edit that, not this.

layer                     kind                    output            weights  line
conv1d                    Conv1D                  (batch, 62, 64)    19,264    12
conv1d_1                  Conv1D                  (batch, 60, 64)    12,352    12
max_pooling1d             MaxPooling1D            (batch, 20, 64)         0    13
conv1d_2                  Conv1D                  (batch, 18, 128)   24,704    14
conv1d_3                  Conv1D                  (batch, 16, 128)   49,280    14
global_average_pooling1d  GlobalAveragePooling1D  (batch, 128)            0    15
dropout                   Dropout                 (batch, 128)            0    15
dense                     Dense                   (batch, 1)            129    15
total                     SequenceClassifier                        105,729
"""

import numpy as np
from kgen.runtime.kernels import kernel, sync
from kgen.runtime.memory import Programs, Steps, rows_for, vectors_for
from kgen.runtime.model import Model
from kgen.runtime.optimizers import RMSprop
from kgen.runtime.spec import Input, Layer, Metric, Output, Spec, Target, Weight
from kgen.runtime.tiles import (
    LANES,
    ROWS,
    absolute,
    copy_words,
    exp,
    fill_words,
    full,
    load,
    load_scalar,
    log1p,
    matrix,
    maximum,
    outer,
    outer_t,
    pack,
    random_key,
    row_sum,
    select,
    share,
    sigmoid,
    sqrt,
    square,
    store,
    store_rows,
    transpose_block,
    uniform,
    zeros,
)

VECTORS_64 = vectors_for(64)
ROWS_16_BY_2 = rows_for(16, 2)
ROWS_18_BY_2 = rows_for(18, 2)
ROWS_20_BY_2 = rows_for(20, 2)
ROWS_60_BY_2 = rows_for(60, 2)
ROWS_62_BY_2 = rows_for(62, 2)
ROWS_192_BY_2 = rows_for(192, 2)
ROWS_300_BY_2 = rows_for(300, 2)
ROWS_384_BY_2 = rows_for(384, 2)

WEIGHTS = (
    Weight("conv1d/kernel", (3, 100, 64), 0, "GlorotUniform", {"seed": None}),
    Weight("conv1d/bias", (64,), 19200, "Zeros", {}),
    Weight("conv1d_1/kernel", (3, 64, 64), 19264, "GlorotUniform", {"seed": None}),
    Weight("conv1d_1/bias", (64,), 31552, "Zeros", {}),
    Weight("conv1d_2/kernel", (3, 64, 128), 31616, "GlorotUniform", {"seed": None}),
    Weight("conv1d_2/bias", (128,), 56192, "Zeros", {}),
    Weight("conv1d_3/kernel", (3, 128, 128), 56320, "GlorotUniform", {"seed": None}),
    Weight("conv1d_3/bias", (128,), 105472, "Zeros", {}),
    Weight("dense/kernel", (128, 1), 105600, "GlorotUniform", {"seed": None}),
    Weight("dense/bias", (1,), 105728, "Zeros", {}),
)


@kernel
def compute_conv1d(thread, threads, batch, clock, args):
    """Line 12 of the model. 2,388,736 FLOPs a row."""
    conv1d_kernel = matrix(args, 0, 300, 64)
    x = matrix(args, 1, batch * 64, 100)
    conv1d_bias = matrix(args, 2, 1, 64)
    conv1d = matrix(args, 3, batch * 62, 64)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 64, 2 * LANES):
        panel = pack(conv1d_kernel, 0, j, 300, 2)
        for n in range(first, last):
            for tile in range(0, 62, ROWS_62_BY_2):
                ox = min(tile, 62 - ROWS_62_BY_2)
                i = n * 62 + ox
                acc = zeros(ROWS_62_BY_2, 2)
                row = n * 64 + ox
                for k in range(300):
                    acc = outer(acc, x, row, k, panel, k, 0)
                conv1d_tile = maximum(acc + load(conv1d_bias, 0, j, 1, 2), 0.0)
                store(conv1d, i, j, conv1d_tile)


@kernel
def compute_conv1d_1(thread, threads, batch, clock, args):
    """Line 12 of the model. 1,482,240 FLOPs a row."""
    conv1d_1_kernel = matrix(args, 0, 192, 64)
    conv1d = matrix(args, 1, batch * 62, 64)
    conv1d_1_bias = matrix(args, 2, 1, 64)
    conv1d_1 = matrix(args, 3, batch * 60, 64)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 64, 2 * LANES):
        panel = pack(conv1d_1_kernel, 0, j, 192, 2)
        for n in range(first, last):
            for tile in range(0, 60, ROWS_60_BY_2):
                ox = min(tile, 60 - ROWS_60_BY_2)
                i = n * 60 + ox
                acc = zeros(ROWS_60_BY_2, 2)
                row = n * 62 + ox
                for k in range(192):
                    acc = outer(acc, conv1d, row, k, panel, k, 0)
                conv1d_1_tile = maximum(acc + load(conv1d_1_bias, 0, j, 1, 2), 0.0)
                store(conv1d_1, i, j, conv1d_1_tile)


@kernel
def compute_max_pooling1d(thread, threads, batch, clock, args):
    """Line 13 of the model. 3,840 FLOPs a row."""
    conv1d_1 = matrix(args, 0, batch * 60, 64)
    max_pooling1d = matrix(args, 1, batch * 20, 64)
    first, last = share(batch, ROWS, thread, threads)
    for n in range(first, last):
        for ox in range(20):
            i = n * 20 + ox
            ix_first = ox * 3
            for j in range(0, 64, 4 * LANES):
                acc = full(1, 4, -np.inf)
                for ix in range(ix_first, ix_first + 3):
                    acc = maximum(acc, load(conv1d_1, n * 60 + ix, j, 1, 4))
                store(max_pooling1d, i, j, acc)


@kernel
def compute_conv1d_2(thread, threads, batch, clock, args):
    """Line 14 of the model. 889,344 FLOPs a row."""
    conv1d_2_kernel = matrix(args, 0, 192, 128)
    max_pooling1d = matrix(args, 1, batch * 20, 64)
    conv1d_2_bias = matrix(args, 2, 1, 128)
    conv1d_2 = matrix(args, 3, batch * 18, 128)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 128, 2 * LANES):
        panel = pack(conv1d_2_kernel, 0, j, 192, 2)
        for n in range(first, last):
            for tile in range(0, 18, ROWS_18_BY_2):
                ox = min(tile, 18 - ROWS_18_BY_2)
                i = n * 18 + ox
                acc = zeros(ROWS_18_BY_2, 2)
                row = n * 20 + ox
                for k in range(192):
                    acc = outer(acc, max_pooling1d, row, k, panel, k, 0)
                conv1d_2_tile = maximum(acc + load(conv1d_2_bias, 0, j, 1, 2), 0.0)
                store(conv1d_2, i, j, conv1d_2_tile)


@kernel
def compute_conv1d_3(thread, threads, batch, clock, args):
    """Line 14 of the model. 1,576,960 FLOPs a row."""
    conv1d_3_kernel = matrix(args, 0, 384, 128)
    conv1d_2 = matrix(args, 1, batch * 18, 128)
    conv1d_3_bias = matrix(args, 2, 1, 128)
    conv1d_3 = matrix(args, 3, batch * 16, 128)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 128, 2 * LANES):
        panel = pack(conv1d_3_kernel, 0, j, 384, 2)
        for n in range(first, last):
            for tile in range(0, 16, ROWS_16_BY_2):
                ox = min(tile, 16 - ROWS_16_BY_2)
                i = n * 16 + ox
                acc = zeros(ROWS_16_BY_2, 2)
                row = n * 18 + ox
                for k in range(384):
                    acc = outer(acc, conv1d_2, row, k, panel, k, 0)
                conv1d_3_tile = maximum(acc + load(conv1d_3_bias, 0, j, 1, 2), 0.0)
                store(conv1d_3, i, j, conv1d_3_tile)


@kernel
def compute_dropout(thread, threads, batch, clock, args):
    """Line 15 of the model. 2,176 FLOPs a row."""
    conv1d_3 = matrix(args, 0, batch * 16, 128)
    dropout = matrix(args, 1, batch, 128)
    key = random_key(clock, 0)
    first, last = share(batch, ROWS, thread, threads)
    for o in range(first, last):
        for j in range(0, 128, 4 * LANES):
            total_ = full(1, 4, 0.0)
            for i in range(16):
                total_ = total_ + load(conv1d_3, o * 16 + i, j, 1, 4)
            random_uniform = uniform(key[0], key[1], o, j, 128, 1, 4)
            dropout_multiply = (total_ * 0.0625) * 2.0
            dropout_tile = select(random_uniform >= 0.5, dropout_multiply, 0.0)
            store(dropout, o, j, dropout_tile)


@kernel
def gradient_of_dense_add(thread, threads, batch, clock, args):
    """Lines 15, 18. 317 FLOPs a row."""
    dropout = matrix(args, 0, batch, 128)
    dense_kernel = matrix(args, 1, 1, 128)
    dense_bias = matrix(args, 2, 1, 1)
    dense = matrix(args, 3, batch, 1)
    y_target = matrix(args, 4, batch, 1)
    y_loss_sigmoid_crossentropy = matrix(args, 5, batch, 1)
    y_sample_weight = matrix(args, 6, batch, 1)
    d_dense_add = matrix(args, 7, batch, 1)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last, ROWS):
        acc = zeros(ROWS, 1)
        for k in range(0, 128, LANES):
            rows = load(dropout, i, k, ROWS, 1)
            column = load(dense_kernel, 0, k, 1, 1)
            acc = acc + rows * column
        acc = row_sum(acc)
        dense_add = acc + load(dense_bias, 0, 0, 1, 1)
        dense_tile = sigmoid(dense_add)
        store(dense, i, 0, dense_tile)
        y_loss_log1p = log1p(exp(-absolute(dense_add)))
        y_target_tile = load(y_target, i, 0, ROWS, 1)
        y_loss_subtract = select(dense_add > 0.0, 1.0, 0.0) - y_target_tile
        y_loss_multiply = y_loss_subtract * dense_add
        y_loss_sigmoid_crossentropy_tile = y_loss_log1p + y_loss_multiply
        store(y_loss_sigmoid_crossentropy, i, 0, y_loss_sigmoid_crossentropy_tile)
        d_y_loss_sum_2 = 1.0 / full(1, 1, batch)
        d_y_loss_sum = d_y_loss_sum_2 * load(y_sample_weight, i, 0, ROWS, 1)
        d_dense_add_tile = d_y_loss_sum * (dense_tile - y_target_tile)
        store(d_dense_add, i, 0, d_dense_add_tile)


@kernel
def compute_accuracy_sum(thread, threads, batch, clock, args):
    """Lines 18, 19. 3 FLOPs a row."""
    y_loss_sigmoid_crossentropy = matrix(args, 0, batch, 1)
    y_sample_weight = matrix(args, 1, batch, 1)
    y_loss_multiply_1 = matrix(args, 2, batch, 1)
    y_target = matrix(args, 3, batch, 1)
    dense = matrix(args, 4, batch, 1)
    accuracy_sum = matrix(args, 5, batch, 1)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last, 2):
        y_loss_sum = load(y_loss_sigmoid_crossentropy, i, 0, 2, 1)
        y_sample_weight_tile = load(y_sample_weight, i, 0, 2, 1)
        store(y_loss_multiply_1, i, 0, y_loss_sum * y_sample_weight_tile)
        accuracy_as_float = select(load(dense, i, 0, 2, 1) > 0.5, 1.0, 0.0)
        accuracy_equal = load(y_target, i, 0, 2, 1) == accuracy_as_float
        store(accuracy_sum, i, 0, select(accuracy_equal, 1.0, 0.0))


@kernel
def compute_multiply_1(thread, threads, batch, clock, args):
    """Line 18 of the model. 1 FLOPs a row, 5 FLOPs."""
    y_loss_multiply_1 = matrix(args, 0, batch, 1)
    multiply_1 = matrix(args, 1, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        total_ = full(1, 1, 0.0)
        for i in range(batch):
            total_ = total_ + load(y_loss_multiply_1, i, j, 1, 1)
        y_loss = total_ / full(1, 1, batch)
        store(multiply_1, 0, j, y_loss * full(1, 1, batch))


@kernel
def compute_copy_1(thread, threads, batch, clock, args):
    """Lines 12, 15, 19. 2 FLOPs a row, 2 FLOPs."""
    accuracy_sum = matrix(args, 0, batch, 1)
    d_dense_add = matrix(args, 1, batch, 1)
    accuracy_sum_1 = matrix(args, 2, 1, 1)
    d_dense_bias = matrix(args, 3, 1, 1)
    copy = matrix(args, 4, 1, 1)
    copy_1 = matrix(args, 5, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        total_ = full(1, 1, 0.0)
        total__2 = full(1, 1, 0.0)
        for i in range(batch):
            total_ = total_ + load(accuracy_sum, i, j, 1, 1)
            total__2 = total__2 + load(d_dense_add, i, j, 1, 1)
        store(accuracy_sum_1, 0, j, total_)
        store(d_dense_bias, 0, j, total__2)
        store(copy, 0, j, full(1, 1, batch))
        store(copy_1, 0, j, full(1, 1, batch))


@kernel
def transpose_dense_kernel(thread, threads, batch, clock, args):
    """Line 15 of the model."""
    dense_kernel = matrix(args, 0, 128, 1)
    d_dropout_transpose = matrix(args, 1, 1, 128)
    first, last = share(128, LANES, thread, threads)
    for i in range(first, last, LANES):
        for j in range(0, 1, LANES):
            transpose_block(dense_kernel, i, j, d_dropout_transpose)


@kernel
def gradient_of_dropout_multiply(thread, threads, batch, clock, args):
    """Line 15 of the model. 384 FLOPs a row."""
    d_dense_add = matrix(args, 0, batch, 1)
    d_dropout_transpose = matrix(args, 1, 1, 128)
    d_dropout_multiply = matrix(args, 2, batch, 128)
    key = random_key(clock, 0)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 128, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(1):
                acc = outer(acc, d_dense_add, i, k, d_dropout_transpose, k, j)
            random_uniform = uniform(key[0], key[1], i, j, 128, ROWS, 2)
            d_dropout_multiply_tile = select(random_uniform >= 0.5, acc, 0.0)
            store(d_dropout_multiply, i, j, d_dropout_multiply_tile)


@kernel
def gradient_of_dense_kernel_parts(thread, threads, batch, clock, args):
    """Line 15 of the model. 256 FLOPs a row."""
    dropout = matrix(args, 0, batch, 128)
    d_dense_add = matrix(args, 1, batch, 1)
    d_dense_kernel_parts = matrix(args, 2, threads * 128, 1)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 1, LANES):
        for i in range(0, 128, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(first, last):
                acc = outer_t(acc, dropout, k, i, d_dense_add, k, j)
            store(d_dense_kernel_parts, thread * 128 + i, j, acc)


@kernel
def gradient_of_dense_kernel(thread, threads, batch, clock, args):
    """Line 15 of the model. 128 FLOPs."""
    d_dense_kernel_parts = matrix(args, 0, threads, 128)
    d_dense_kernel = matrix(args, 1, 1, 128)
    first, last = share(128, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        total_ = full(1, 4, 0.0)
        for i in range(threads):
            total_ = total_ + load(d_dense_kernel_parts, i, j, 1, 4)
        store(d_dense_kernel, 0, j, total_)


@kernel
def gradient_of_conv1d_3_add(thread, threads, batch, clock, args):
    """Line 14 of the model. 2,048 FLOPs a row."""
    conv1d_3 = matrix(args, 0, batch * 16, 128)
    d_dropout_multiply = matrix(args, 1, batch, 128)
    d_conv1d_3_add = matrix(args, 2, batch * 16, 128)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first * 16, last * 16):
        for j in range(0, 128, 4 * LANES):
            d_conv1d_3_greater = load(conv1d_3, i, j, 1, 4) > 0.0
            d_multiply = load(d_dropout_multiply, i // 16, j, 1, 4) * 2.0
            d_global_average_pooling1d_sum = d_multiply * 0.0625
            d_conv1d_3_add_tile = select(
                d_conv1d_3_greater, d_global_average_pooling1d_sum, 0.0
            )
            store(d_conv1d_3_add, i, j, d_conv1d_3_add_tile)


@kernel
def gradient_of_conv1d_3_bias_sum(thread, threads, batch, clock, args):
    """Line 14 of the model. 2,048 FLOPs a row."""
    d_conv1d_3_add = matrix(args, 0, batch * 16, 128)
    d_conv1d_3_bias_sum = matrix(args, 1, batch, 128)
    first, last = share(batch, ROWS, thread, threads)
    for o in range(first, last):
        for j in range(0, 128, 4 * LANES):
            total_ = full(1, 4, 0.0)
            for i in range(16):
                total_ = total_ + load(d_conv1d_3_add, o * 16 + i, j, 1, 4)
            store(d_conv1d_3_bias_sum, o, j, total_)


@kernel
def gradient_of_conv1d_2_bias_sum_1(thread, threads, batch, clock, args):
    """Line 14 of the model. 256 FLOPs a row."""
    d_conv1d_3_bias_sum = matrix(args, 0, batch, 128)
    d_conv1d_2_bias_sum = matrix(args, 1, batch, 128)
    d_conv1d_3_bias_sum_1 = matrix(args, 2, 1, 128)
    d_conv1d_2_bias_sum_1 = matrix(args, 3, 1, 128)
    first, last = share(128, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        total_ = full(1, 4, 0.0)
        total__2 = full(1, 4, 0.0)
        for i in range(batch):
            total_ = total_ + load(d_conv1d_3_bias_sum, i, j, 1, 4)
            total__2 = total__2 + load(d_conv1d_2_bias_sum, i, j, 1, 4)
        store(d_conv1d_3_bias_sum_1, 0, j, total_)
        store(d_conv1d_2_bias_sum_1, 0, j, total__2)


@kernel
def gradient_of_conv1d_3_turn(thread, threads, batch, clock, args):
    """Line 14 of the model."""
    conv1d_3_kernel = matrix(args, 0, 384, 128)
    d_conv1d_3_turn = matrix(args, 1, 384, 128)
    first, last = share(384, LANES, thread, threads)
    for i in range(first, last, LANES):
        row = (2 - i // 128) * 128
        for j in range(0, 128, LANES):
            transpose_block(conv1d_3_kernel, i, j, d_conv1d_3_turn, row + j, i % 128)


@kernel
def gradient_of_conv1d_2_pad(thread, threads, batch, clock, args):
    """Line 14 of the model."""
    d_conv1d_2_pad = matrix(args, 0, batch * 20, 128)
    d_conv1d_3_add = matrix(args, 1, batch * 16, 128)
    first, last = share(batch, ROWS, thread, threads)
    for n in range(first, last):
        place = n * 2560
        fill_words(d_conv1d_2_pad, place, 256, 0.0)
        copy_words(d_conv1d_2_pad, place + 256, d_conv1d_3_add, n * 2048, 2048)
        fill_words(d_conv1d_2_pad, place + 256 + 2048, 256, 0.0)


@kernel
def gradient_of_conv1d_2_add(thread, threads, batch, clock, args):
    """Line 14 of the model. 1,771,776 FLOPs a row."""
    d_conv1d_3_turn = matrix(args, 0, 384, 128)
    d_conv1d_2_pad = matrix(args, 1, batch * 20, 128)
    conv1d_2 = matrix(args, 2, batch * 18, 128)
    d_conv1d_2_add = matrix(args, 3, batch * 18, 128)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 128, 2 * LANES):
        panel = pack(d_conv1d_3_turn, 0, j, 384, 2)
        for n in range(first, last):
            for tile in range(0, 18, ROWS_18_BY_2):
                ox = min(tile, 18 - ROWS_18_BY_2)
                i = n * 18 + ox
                acc = zeros(ROWS_18_BY_2, 2)
                row = n * 20 + ox
                for k in range(384):
                    acc = outer(acc, d_conv1d_2_pad, row, k, panel, k, 0)
                d_conv1d_2_greater = load(conv1d_2, i, j, ROWS_18_BY_2, 2) > 0.0
                store(d_conv1d_2_add, i, j, select(d_conv1d_2_greater, acc, 0.0))


@kernel
def gradient_of_conv1d_3_kernel(thread, threads, batch, clock, args):
    """Line 14 of the model. 1,572,864 FLOPs a row."""
    conv1d_2 = matrix(args, 0, batch * 18, 128)
    d_conv1d_3_add = matrix(args, 1, batch * 16, 128)
    d_conv1d_3_kernel = matrix(args, 2, 384, 128)
    first, last = share(-(-384 // ROWS_384_BY_2), 1, thread, threads)
    for start in range(0, batch, 8):
        count = min(8, batch - start)
        for j in range(0, 128, 2 * LANES):
            panel = pack(d_conv1d_3_add, start * 16, j, 128, 2, count * 16)
            for t in range(first, last):
                m = t * ROWS_384_BY_2
                acc = zeros(ROWS_384_BY_2, 2)
                for q in range(start, start + count):
                    n = q
                    row = n * 18
                    for ox in range(16):
                        acc = outer_t(
                            acc, conv1d_2, row + ox, m, panel, (q - start) * 16 + ox, 0
                        )
                if start > 0:
                    acc = acc + load(d_conv1d_3_kernel, m, j, ROWS_384_BY_2, 2)
                store_rows(d_conv1d_3_kernel, m, j, acc, 384 - m)


@kernel
def gradient_of_conv1d_2_bias_sum(thread, threads, batch, clock, args):
    """Line 14 of the model. 2,304 FLOPs a row."""
    d_conv1d_2_add = matrix(args, 0, batch * 18, 128)
    d_conv1d_2_bias_sum = matrix(args, 1, batch, 128)
    first, last = share(batch, ROWS, thread, threads)
    for o in range(first, last):
        for j in range(0, 128, 4 * LANES):
            total_ = full(1, 4, 0.0)
            for i in range(18):
                total_ = total_ + load(d_conv1d_2_add, o * 18 + i, j, 1, 4)
            store(d_conv1d_2_bias_sum, o, j, total_)


@kernel
def gradient_of_conv1d_2_turn(thread, threads, batch, clock, args):
    """Line 14 of the model."""
    conv1d_2_kernel = matrix(args, 0, 192, 128)
    d_conv1d_2_turn = matrix(args, 1, 384, 64)
    first, last = share(192, LANES, thread, threads)
    for i in range(first, last, LANES):
        row = (2 - i // 64) * 128
        for j in range(0, 128, LANES):
            transpose_block(conv1d_2_kernel, i, j, d_conv1d_2_turn, row + j, i % 64)


@kernel
def gradient_of_max_pooling1d_pad(thread, threads, batch, clock, args):
    """Line 14 of the model."""
    d_max_pooling1d_pad = matrix(args, 0, batch * 22, 128)
    d_conv1d_2_add = matrix(args, 1, batch * 18, 128)
    first, last = share(batch, ROWS, thread, threads)
    for n in range(first, last):
        place = n * 2816
        fill_words(d_max_pooling1d_pad, place, 256, 0.0)
        copy_words(d_max_pooling1d_pad, place + 256, d_conv1d_2_add, n * 2304, 2304)
        fill_words(d_max_pooling1d_pad, place + 256 + 2304, 256, 0.0)


@kernel
def gradient_of_max_pooling1d_conv(thread, threads, batch, clock, args):
    """Line 14 of the model. 983,040 FLOPs a row."""
    d_conv1d_2_turn = matrix(args, 0, 384, 64)
    d_max_pooling1d_pad = matrix(args, 1, batch * 22, 128)
    d_max_pooling1d_conv = matrix(args, 2, batch * 20, 64)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 64, 2 * LANES):
        panel = pack(d_conv1d_2_turn, 0, j, 384, 2)
        for n in range(first, last):
            for tile in range(0, 20, ROWS_20_BY_2):
                ox = min(tile, 20 - ROWS_20_BY_2)
                i = n * 20 + ox
                acc = zeros(ROWS_20_BY_2, 2)
                row = n * 22 + ox
                for k in range(384):
                    acc = outer(acc, d_max_pooling1d_pad, row, k, panel, k, 0)
                store(d_max_pooling1d_conv, i, j, acc)


@kernel
def gradient_of_conv1d_2_kernel(thread, threads, batch, clock, args):
    """Line 14 of the model. 884,736 FLOPs a row."""
    max_pooling1d = matrix(args, 0, batch * 20, 64)
    d_conv1d_2_add = matrix(args, 1, batch * 18, 128)
    d_conv1d_2_kernel = matrix(args, 2, 192, 128)
    first, last = share(-(-192 // ROWS_192_BY_2), 1, thread, threads)
    for start in range(0, batch, 7):
        count = min(7, batch - start)
        for j in range(0, 128, 2 * LANES):
            panel = pack(d_conv1d_2_add, start * 18, j, 126, 2, count * 18)
            for t in range(first, last):
                m = t * ROWS_192_BY_2
                acc = zeros(ROWS_192_BY_2, 2)
                for q in range(start, start + count):
                    n = q
                    row = n * 20
                    for ox in range(18):
                        acc = outer_t(
                            acc,
                            max_pooling1d,
                            row + ox,
                            m,
                            panel,
                            (q - start) * 18 + ox,
                            0,
                        )
                if start > 0:
                    acc = acc + load(d_conv1d_2_kernel, m, j, ROWS_192_BY_2, 2)
                store_rows(d_conv1d_2_kernel, m, j, acc, 192 - m)


@kernel
def gradient_of_max_pooling1d_pool_where(thread, threads, batch, clock, args):
    """Line 13 of the model."""
    conv1d_1 = matrix(args, 0, batch * 60, 64)
    d_max_pooling1d_pool_where = matrix(args, 1, batch * 20, 64)
    first, last = share(batch, ROWS, thread, threads)
    for n in range(first, last):
        for ox in range(20):
            i = n * 20 + ox
            ix_first = ox * 3
            for j in range(0, 64, 4 * LANES):
                best = full(1, 4, -np.inf)
                acc = full(1, 4, 0)
                for ix in range(ix_first, ix_first + 3):
                    part = load(conv1d_1, n * 60 + ix, j, 1, 4)
                    found = part > best
                    acc = select(found, (ix - ix_first), acc)
                    best = select(found, part, best)
                store(d_max_pooling1d_pool_where, i, j, acc)


@kernel
def gradient_of_conv1d_1(thread, threads, batch, clock, args):
    """Line 13 of the model."""
    d_max_pooling1d_conv = matrix(args, 0, batch * 20, 64)
    d_max_pooling1d_pool_where = matrix(args, 1, batch * 20, 64)
    d_conv1d_1 = matrix(args, 2, batch * 60, 64)
    first, last = share(batch, ROWS, thread, threads)
    for n in range(first, last):
        for ox in range(20):
            i = n * 20 + ox
            ix_first = ox * 3
            for j in range(0, 64, 4 * LANES):
                best = load(d_max_pooling1d_conv, i, j, 1, 4)
                found = load(d_max_pooling1d_pool_where, i, j, 1, 4)
                for ix in range(ix_first, ix_first + 3):
                    store(
                        d_conv1d_1,
                        n * 60 + ix,
                        j,
                        select(found == (ix - ix_first), best, 0.0),
                    )


@kernel
def gradient_of_conv1d_1_add(thread, threads, batch, clock, args):
    """Line 12 of the model. 3,840 FLOPs a row."""
    conv1d_1 = matrix(args, 0, batch * 60, 64)
    d_conv1d_1 = matrix(args, 1, batch * 60, 64)
    d_conv1d_1_add = matrix(args, 2, batch * 60, 64)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first * 60, last * 60):
        d_conv1d_1_greater = load(conv1d_1, i, 0, 1, VECTORS_64) > 0.0
        d_conv1d_1_tile = load(d_conv1d_1, i, 0, 1, VECTORS_64)
        d_conv1d_1_add_tile = select(d_conv1d_1_greater, d_conv1d_1_tile, 0.0)
        store(d_conv1d_1_add, i, 0, d_conv1d_1_add_tile)


@kernel
def gradient_of_conv1d_1_bias_sum(thread, threads, batch, clock, args):
    """Line 12 of the model. 3,840 FLOPs a row."""
    d_conv1d_1_add = matrix(args, 0, batch * 60, 64)
    d_conv1d_1_bias_sum = matrix(args, 1, batch, 64)
    first, last = share(batch, ROWS, thread, threads)
    for o in range(first, last):
        for j in range(0, 64, 4 * LANES):
            total_ = full(1, 4, 0.0)
            for i in range(60):
                total_ = total_ + load(d_conv1d_1_add, o * 60 + i, j, 1, 4)
            store(d_conv1d_1_bias_sum, o, j, total_)


@kernel
def gradient_of_conv1d_bias_sum_1(thread, threads, batch, clock, args):
    """Line 12 of the model. 128 FLOPs a row."""
    d_conv1d_1_bias_sum = matrix(args, 0, batch, 64)
    d_conv1d_bias_sum = matrix(args, 1, batch, 64)
    d_conv1d_1_bias_sum_1 = matrix(args, 2, 1, 64)
    d_conv1d_bias_sum_1 = matrix(args, 3, 1, 64)
    first, last = share(64, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        total_ = full(1, 4, 0.0)
        total__2 = full(1, 4, 0.0)
        for i in range(batch):
            total_ = total_ + load(d_conv1d_1_bias_sum, i, j, 1, 4)
            total__2 = total__2 + load(d_conv1d_bias_sum, i, j, 1, 4)
        store(d_conv1d_1_bias_sum_1, 0, j, total_)
        store(d_conv1d_bias_sum_1, 0, j, total__2)


@kernel
def gradient_of_conv1d_1_turn(thread, threads, batch, clock, args):
    """Line 12 of the model."""
    conv1d_1_kernel = matrix(args, 0, 192, 64)
    d_conv1d_1_turn = matrix(args, 1, 192, 64)
    first, last = share(192, LANES, thread, threads)
    for i in range(first, last, LANES):
        row = (2 - i // 64) * 64
        for j in range(0, 64, LANES):
            transpose_block(conv1d_1_kernel, i, j, d_conv1d_1_turn, row + j, i % 64)


@kernel
def gradient_of_conv1d_pad(thread, threads, batch, clock, args):
    """Line 12 of the model."""
    d_conv1d_pad = matrix(args, 0, batch * 64, 64)
    d_conv1d_1_add = matrix(args, 1, batch * 60, 64)
    first, last = share(batch, ROWS, thread, threads)
    for n in range(first, last):
        place = n * 4096
        fill_words(d_conv1d_pad, place, 128, 0.0)
        copy_words(d_conv1d_pad, place + 128, d_conv1d_1_add, n * 3840, 3840)
        fill_words(d_conv1d_pad, place + 128 + 3840, 128, 0.0)


@kernel
def gradient_of_conv1d_add(thread, threads, batch, clock, args):
    """Line 12 of the model. 1,527,680 FLOPs a row."""
    d_conv1d_1_turn = matrix(args, 0, 192, 64)
    d_conv1d_pad = matrix(args, 1, batch * 64, 64)
    conv1d = matrix(args, 2, batch * 62, 64)
    d_conv1d_add = matrix(args, 3, batch * 62, 64)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 64, 2 * LANES):
        panel = pack(d_conv1d_1_turn, 0, j, 192, 2)
        for n in range(first, last):
            for tile in range(0, 62, ROWS_62_BY_2):
                ox = min(tile, 62 - ROWS_62_BY_2)
                i = n * 62 + ox
                acc = zeros(ROWS_62_BY_2, 2)
                row = n * 64 + ox
                for k in range(192):
                    acc = outer(acc, d_conv1d_pad, row, k, panel, k, 0)
                d_conv1d_greater = load(conv1d, i, j, ROWS_62_BY_2, 2) > 0.0
                store(d_conv1d_add, i, j, select(d_conv1d_greater, acc, 0.0))


@kernel
def gradient_of_conv1d_1_kernel(thread, threads, batch, clock, args):
    """Line 12 of the model. 1,474,560 FLOPs a row."""
    conv1d = matrix(args, 0, batch * 62, 64)
    d_conv1d_1_add = matrix(args, 1, batch * 60, 64)
    d_conv1d_1_kernel = matrix(args, 2, 192, 64)
    first, last = share(-(-192 // ROWS_192_BY_2), 1, thread, threads)
    for start in range(0, batch, 2):
        count = min(2, batch - start)
        for j in range(0, 64, 2 * LANES):
            panel = pack(d_conv1d_1_add, start * 60, j, 120, 2, count * 60)
            for t in range(first, last):
                m = t * ROWS_192_BY_2
                acc = zeros(ROWS_192_BY_2, 2)
                for q in range(start, start + count):
                    n = q
                    row = n * 62
                    for ox in range(60):
                        acc = outer_t(
                            acc, conv1d, row + ox, m, panel, (q - start) * 60 + ox, 0
                        )
                if start > 0:
                    acc = acc + load(d_conv1d_1_kernel, m, j, ROWS_192_BY_2, 2)
                store_rows(d_conv1d_1_kernel, m, j, acc, 192 - m)


@kernel
def gradient_of_conv1d_bias_sum(thread, threads, batch, clock, args):
    """Line 12 of the model. 3,968 FLOPs a row."""
    d_conv1d_add = matrix(args, 0, batch * 62, 64)
    d_conv1d_bias_sum = matrix(args, 1, batch, 64)
    first, last = share(batch, ROWS, thread, threads)
    for o in range(first, last):
        for j in range(0, 64, 4 * LANES):
            total_ = full(1, 4, 0.0)
            for i in range(62):
                total_ = total_ + load(d_conv1d_add, o * 62 + i, j, 1, 4)
            store(d_conv1d_bias_sum, o, j, total_)


@kernel
def gradient_of_conv1d_kernel(thread, threads, batch, clock, args):
    """Line 12 of the model. 2,380,800 FLOPs a row."""
    x = matrix(args, 0, batch * 64, 100)
    d_conv1d_add = matrix(args, 1, batch * 62, 64)
    d_conv1d_kernel = matrix(args, 2, 300, 64)
    first, last = share(-(-300 // ROWS_300_BY_2), 1, thread, threads)
    for start in range(0, batch, 2):
        count = min(2, batch - start)
        for j in range(0, 64, 2 * LANES):
            panel = pack(d_conv1d_add, start * 62, j, 124, 2, count * 62)
            for t in range(first, last):
                m = t * ROWS_300_BY_2
                acc = zeros(ROWS_300_BY_2, 2)
                for q in range(start, start + count):
                    n = q
                    row = n * 64
                    for ox in range(62):
                        acc = outer_t(
                            acc, x, row + ox, m, panel, (q - start) * 62 + ox, 0
                        )
                if start > 0:
                    acc = acc + load(d_conv1d_kernel, m, j, ROWS_300_BY_2, 2)
                store_rows(d_conv1d_kernel, m, j, acc, 300 - m)


@kernel
def compute_subtract(thread, threads, batch, clock, args):
    """All weights at once. 1,374,672 FLOPs."""
    velocity = matrix(args, 0, 1, 105744)
    gradients = matrix(args, 1, 1, 105744)
    learning_rate = matrix(args, 2, 1, 1)
    weights = matrix(args, 3, 1, 105744)
    first, last = share(105744, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        gradients_tile = load(gradients, 0, j, 1, 4)
        multiply_1 = 0.1 * square(gradients_tile)
        add_tile = (0.9 * load(velocity, 0, j, 1, 4)) + multiply_1
        store(velocity, 0, j, add_tile)
        learning_rate_2 = load_scalar(learning_rate, 0, 0)
        divide = (learning_rate_2 * gradients_tile) / sqrt(add_tile + 1e-07)
        store(weights, 0, j, load(weights, 0, j, 1, 4) - divide)


@kernel
def compute_conv1d_3_add(thread, threads, batch, clock, args):
    """Line 14 of the model. 1,574,912 FLOPs a row."""
    conv1d_3_kernel = matrix(args, 0, 384, 128)
    conv1d_2 = matrix(args, 1, batch * 18, 128)
    conv1d_3_bias = matrix(args, 2, 1, 128)
    conv1d_3_add = matrix(args, 3, batch * 16, 128)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 128, 2 * LANES):
        panel = pack(conv1d_3_kernel, 0, j, 384, 2)
        for n in range(first, last):
            for tile in range(0, 16, ROWS_16_BY_2):
                ox = min(tile, 16 - ROWS_16_BY_2)
                i = n * 16 + ox
                acc = zeros(ROWS_16_BY_2, 2)
                row = n * 18 + ox
                for k in range(384):
                    acc = outer(acc, conv1d_2, row, k, panel, k, 0)
                store(conv1d_3_add, i, j, acc + load(conv1d_3_bias, 0, j, 1, 2))


@kernel
def compute_multiply(thread, threads, batch, clock, args):
    """Line 15 of the model. 2,176 FLOPs a row."""
    conv1d_3_add = matrix(args, 0, batch * 16, 128)
    multiply = matrix(args, 1, batch, 128)
    first, last = share(batch, ROWS, thread, threads)
    for o in range(first, last):
        for j in range(0, 128, 4 * LANES):
            total_ = full(1, 4, 0.0)
            for i in range(16):
                conv1d_3 = maximum(load(conv1d_3_add, o * 16 + i, j, 1, 4), 0.0)
                total_ = total_ + conv1d_3
            store(multiply, o, j, total_ * 0.0625)


@kernel
def compute_y_loss_sigmoid_crossentropy(thread, threads, batch, clock, args):
    """Lines 15, 18. 315 FLOPs a row."""
    multiply = matrix(args, 0, batch, 128)
    dense_kernel = matrix(args, 1, 1, 128)
    dense_bias = matrix(args, 2, 1, 1)
    dense = matrix(args, 3, batch, 1)
    y_target = matrix(args, 4, batch, 1)
    y_loss_sigmoid_crossentropy = matrix(args, 5, batch, 1)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last, ROWS):
        acc = zeros(ROWS, 1)
        for k in range(0, 128, LANES):
            rows = load(multiply, i, k, ROWS, 1)
            column = load(dense_kernel, 0, k, 1, 1)
            acc = acc + rows * column
        acc = row_sum(acc)
        dense_add = acc + load(dense_bias, 0, 0, 1, 1)
        store(dense, i, 0, sigmoid(dense_add))
        y_loss_log1p = log1p(exp(-absolute(dense_add)))
        y_target_tile = load(y_target, i, 0, ROWS, 1)
        y_loss_subtract = select(dense_add > 0.0, 1.0, 0.0) - y_target_tile
        y_loss_multiply = y_loss_subtract * dense_add
        y_loss_sigmoid_crossentropy_tile = y_loss_log1p + y_loss_multiply
        store(y_loss_sigmoid_crossentropy, i, 0, y_loss_sigmoid_crossentropy_tile)


@kernel
def compute_copy_1_2(thread, threads, batch, clock, args):
    """Line 19 of the model. 1 FLOPs a row, 2 FLOPs."""
    accuracy_sum = matrix(args, 0, batch, 1)
    accuracy_sum_1 = matrix(args, 1, 1, 1)
    copy = matrix(args, 2, 1, 1)
    copy_1 = matrix(args, 3, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        total_ = full(1, 1, 0.0)
        for i in range(batch):
            total_ = total_ + load(accuracy_sum, i, j, 1, 1)
        store(accuracy_sum_1, 0, j, total_)
        store(copy, 0, j, full(1, 1, batch))
        store(copy_1, 0, j, full(1, 1, batch))


@kernel
def compute_dense(thread, threads, batch, clock, args):
    """Line 15 of the model. 277 FLOPs a row."""
    multiply = matrix(args, 0, batch, 128)
    dense_kernel = matrix(args, 1, 1, 128)
    dense_bias = matrix(args, 2, 1, 1)
    dense = matrix(args, 3, batch, 1)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last, ROWS):
        acc = zeros(ROWS, 1)
        for k in range(0, 128, LANES):
            rows = load(multiply, i, k, ROWS, 1)
            column = load(dense_kernel, 0, k, 1, 1)
            acc = acc + rows * column
        acc = row_sum(acc)
        store(dense, i, 0, sigmoid(acc + load(dense_bias, 0, 0, 1, 1)))


def gradients(m):
    """Forward, loss and backward of one batch of training."""
    x = m.rows(0, 6400)
    conv1d = m.rows(10496, 3968)
    conv1d_1 = m.rows(18432, 3840)
    max_pooling1d = m.rows(44032, 1280)
    conv1d_2 = m.rows(35328, 2304)
    conv1d_3 = m.rows(39936, 2048)
    dropout = m.rows(6400, 128)
    dense = m.rows(6530, 1)
    y_target = m.rows(6528, 1)
    y_loss_sigmoid_crossentropy = m.rows(6531, 1)
    y_sample_weight = m.rows(6529, 1)
    d_dense_add = m.rows(48384, 1)
    y_loss_multiply_1 = m.rows(48385, 1)
    accuracy_sum = m.rows(48386, 1)
    d_dense_kernel_parts = m.parts(128)
    d_max_pooling1d_pool_where = m.rows(45312, 1280)
    d_dropout_transpose = m.fixed(86016, 128)
    d_conv1d_3_turn = m.fixed(0, 49152)
    d_conv1d_2_turn = m.fixed(49152, 24576)
    d_conv1d_1_turn = m.fixed(73728, 12288)
    d_dropout_multiply = m.rows(47872, 128)
    d_conv1d_3_add = m.rows(41984, 2048)
    d_conv1d_3_bias_sum = m.rows(48000, 128)
    d_conv1d_2_pad = m.rows(32768, 2560)
    d_conv1d_2_add = m.rows(37632, 2304)
    d_conv1d_2_bias_sum = m.rows(48128, 128)
    d_max_pooling1d_pad = m.rows(29952, 2816)
    d_max_pooling1d_conv = m.rows(46592, 1280)
    d_conv1d_1 = m.rows(22272, 3840)
    d_conv1d_1_add = m.rows(26112, 3840)
    d_conv1d_1_bias_sum = m.rows(48256, 64)
    d_conv1d_pad = m.rows(6400, 4096)
    d_conv1d_add = m.rows(14464, 3968)
    d_conv1d_bias_sum = m.rows(48320, 64)
    return [
        m.feed("x", x, 6400),
        m.feed("y_target", y_target, 1),
        m.feed("y_sample_weight", y_sample_weight, 1),
        compute_conv1d(m.weight("conv1d/kernel"), x, m.weight("conv1d/bias"), conv1d),
        compute_conv1d_1(
            m.weight("conv1d_1/kernel"),
            conv1d,
            m.weight("conv1d_1/bias"),
            conv1d_1,
        ),
        compute_max_pooling1d(conv1d_1, max_pooling1d),
        compute_conv1d_2(
            m.weight("conv1d_2/kernel"),
            max_pooling1d,
            m.weight("conv1d_2/bias"),
            conv1d_2,
        ),
        compute_conv1d_3(
            m.weight("conv1d_3/kernel"),
            conv1d_2,
            m.weight("conv1d_3/bias"),
            conv1d_3,
        ),
        compute_dropout(conv1d_3, dropout),
        gradient_of_dense_add(
            dropout,
            m.weight("dense/kernel"),
            m.weight("dense/bias"),
            dense,
            y_target,
            y_loss_sigmoid_crossentropy,
            y_sample_weight,
            d_dense_add,
        ),
        compute_accuracy_sum(
            y_loss_sigmoid_crossentropy,
            y_sample_weight,
            y_loss_multiply_1,
            y_target,
            dense,
            accuracy_sum,
        ),
        gradient_of_dense_kernel_parts(dropout, d_dense_add, d_dense_kernel_parts),
        gradient_of_max_pooling1d_pool_where(conv1d_1, d_max_pooling1d_pool_where),
        transpose_dense_kernel(m.weight("dense/kernel"), d_dropout_transpose),
        gradient_of_conv1d_3_turn(m.weight("conv1d_3/kernel"), d_conv1d_3_turn),
        gradient_of_conv1d_2_turn(m.weight("conv1d_2/kernel"), d_conv1d_2_turn),
        gradient_of_conv1d_1_turn(m.weight("conv1d_1/kernel"), d_conv1d_1_turn),
        sync,
        compute_multiply_1(y_loss_multiply_1, m.figure(0)),
        gradient_of_dropout_multiply(
            d_dense_add,
            d_dropout_transpose,
            d_dropout_multiply,
        ),
        gradient_of_conv1d_3_add(conv1d_3, d_dropout_multiply, d_conv1d_3_add),
        gradient_of_conv1d_3_bias_sum(d_conv1d_3_add, d_conv1d_3_bias_sum),
        gradient_of_conv1d_2_pad(d_conv1d_2_pad, d_conv1d_3_add),
        gradient_of_conv1d_2_add(
            d_conv1d_3_turn,
            d_conv1d_2_pad,
            conv1d_2,
            d_conv1d_2_add,
        ),
        gradient_of_conv1d_2_bias_sum(d_conv1d_2_add, d_conv1d_2_bias_sum),
        gradient_of_max_pooling1d_pad(d_max_pooling1d_pad, d_conv1d_2_add),
        gradient_of_max_pooling1d_conv(
            d_conv1d_2_turn,
            d_max_pooling1d_pad,
            d_max_pooling1d_conv,
        ),
        gradient_of_conv1d_1(
            d_max_pooling1d_conv,
            d_max_pooling1d_pool_where,
            d_conv1d_1,
        ),
        gradient_of_conv1d_1_add(conv1d_1, d_conv1d_1, d_conv1d_1_add),
        gradient_of_conv1d_1_bias_sum(d_conv1d_1_add, d_conv1d_1_bias_sum),
        gradient_of_conv1d_pad(d_conv1d_pad, d_conv1d_1_add),
        gradient_of_conv1d_add(d_conv1d_1_turn, d_conv1d_pad, conv1d, d_conv1d_add),
        gradient_of_conv1d_bias_sum(d_conv1d_add, d_conv1d_bias_sum),
        compute_copy_1(
            accuracy_sum,
            d_dense_add,
            m.figure(2),
            m.gradient("dense/bias"),
            m.figure(1),
            m.figure(3),
        ),
        gradient_of_dense_kernel(d_dense_kernel_parts, m.gradient("dense/kernel")),
        sync,
        gradient_of_conv1d_2_bias_sum_1(
            d_conv1d_3_bias_sum,
            d_conv1d_2_bias_sum,
            m.gradient("conv1d_3/bias"),
            m.gradient("conv1d_2/bias"),
        ),
        gradient_of_conv1d_3_kernel(
            conv1d_2,
            d_conv1d_3_add,
            m.gradient("conv1d_3/kernel"),
        ),
        gradient_of_conv1d_2_kernel(
            max_pooling1d,
            d_conv1d_2_add,
            m.gradient("conv1d_2/kernel"),
        ),
        gradient_of_conv1d_bias_sum_1(
            d_conv1d_1_bias_sum,
            d_conv1d_bias_sum,
            m.gradient("conv1d_1/bias"),
            m.gradient("conv1d/bias"),
        ),
        gradient_of_conv1d_1_kernel(
            conv1d,
            d_conv1d_1_add,
            m.gradient("conv1d_1/kernel"),
        ),
        gradient_of_conv1d_kernel(x, d_conv1d_add, m.gradient("conv1d/kernel")),
    ]


def update(m):
    """The optimizer's step."""
    return [
        compute_subtract(m.slot("velocity"), m.gradients(), m.scalar(0), m.weights()),
    ]


def evaluate(m):
    """Loss and metrics of one batch."""
    x = m.rows(0, 6400)
    conv1d = m.rows(6400, 3968)
    conv1d_1 = m.rows(10368, 3840)
    max_pooling1d = m.rows(18560, 1280)
    conv1d_2 = m.rows(14208, 2304)
    conv1d_3_add = m.rows(16512, 2048)
    multiply = m.rows(19840, 128)
    dense = m.rows(19970, 1)
    y_target = m.rows(19968, 1)
    y_loss_sigmoid_crossentropy = m.rows(19971, 1)
    y_sample_weight = m.rows(19969, 1)
    y_loss_multiply_1 = m.rows(19972, 1)
    accuracy_sum = m.rows(19973, 1)
    return [
        m.feed("x", x, 6400),
        m.feed("y_target", y_target, 1),
        m.feed("y_sample_weight", y_sample_weight, 1),
        compute_conv1d(m.weight("conv1d/kernel"), x, m.weight("conv1d/bias"), conv1d),
        compute_conv1d_1(
            m.weight("conv1d_1/kernel"),
            conv1d,
            m.weight("conv1d_1/bias"),
            conv1d_1,
        ),
        compute_max_pooling1d(conv1d_1, max_pooling1d),
        compute_conv1d_2(
            m.weight("conv1d_2/kernel"),
            max_pooling1d,
            m.weight("conv1d_2/bias"),
            conv1d_2,
        ),
        compute_conv1d_3_add(
            m.weight("conv1d_3/kernel"),
            conv1d_2,
            m.weight("conv1d_3/bias"),
            conv1d_3_add,
        ),
        compute_multiply(conv1d_3_add, multiply),
        compute_y_loss_sigmoid_crossentropy(
            multiply,
            m.weight("dense/kernel"),
            m.weight("dense/bias"),
            dense,
            y_target,
            y_loss_sigmoid_crossentropy,
        ),
        compute_accuracy_sum(
            y_loss_sigmoid_crossentropy,
            y_sample_weight,
            y_loss_multiply_1,
            y_target,
            dense,
            accuracy_sum,
        ),
        sync,
        compute_multiply_1(y_loss_multiply_1, m.figure(0)),
        compute_copy_1_2(accuracy_sum, m.figure(2), m.figure(1), m.figure(3)),
    ]


def predict(m):
    """The outputs of one batch."""
    x = m.rows(0, 6400)
    conv1d = m.rows(6400, 3968)
    conv1d_1 = m.rows(10368, 3840)
    max_pooling1d = m.rows(18560, 1280)
    conv1d_2 = m.rows(14208, 2304)
    conv1d_3_add = m.rows(16512, 2048)
    multiply = m.rows(19840, 128)
    dense = m.rows(19968, 1)
    return [
        m.feed("x", x, 6400),
        compute_conv1d(m.weight("conv1d/kernel"), x, m.weight("conv1d/bias"), conv1d),
        compute_conv1d_1(
            m.weight("conv1d_1/kernel"),
            conv1d,
            m.weight("conv1d_1/bias"),
            conv1d_1,
        ),
        compute_max_pooling1d(conv1d_1, max_pooling1d),
        compute_conv1d_2(
            m.weight("conv1d_2/kernel"),
            max_pooling1d,
            m.weight("conv1d_2/bias"),
            conv1d_2,
        ),
        compute_conv1d_3_add(
            m.weight("conv1d_3/kernel"),
            conv1d_2,
            m.weight("conv1d_3/bias"),
            conv1d_3_add,
        ),
        compute_multiply(conv1d_3_add, multiply),
        compute_dense(
            multiply,
            m.weight("dense/kernel"),
            m.weight("dense/bias"),
            dense,
        ),
        m.result("y", dense, 1),
    ]


SPEC = Spec(
    name="SequenceClassifier",
    source="06_conv1d.k",
    version="0.1.0",
    inputs=(Input("x", "float32", (64, 100)),),
    outputs=(Output("y", (1,)),),
    targets=(Target("y", "float32", (1,)),),
    weights=WEIGHTS,
    metrics=(Metric("loss", (0, 1)), Metric("accuracy", (2, 3))),
    layers=(
        Layer(
            "conv1d",
            "Conv1D",
            (62, 64),
            19264,
            2388736,
            12,
            ("conv1d/kernel", "conv1d/bias"),
        ),
        Layer(
            "conv1d_1",
            "Conv1D",
            (60, 64),
            12352,
            1482240,
            12,
            ("conv1d_1/kernel", "conv1d_1/bias"),
        ),
        Layer("max_pooling1d", "MaxPooling1D", (20, 64), 0, 3840, 13),
        Layer(
            "conv1d_2",
            "Conv1D",
            (18, 128),
            24704,
            889344,
            14,
            ("conv1d_2/kernel", "conv1d_2/bias"),
        ),
        Layer(
            "conv1d_3",
            "Conv1D",
            (16, 128),
            49280,
            1576960,
            14,
            ("conv1d_3/kernel", "conv1d_3/bias"),
        ),
        Layer(
            "global_average_pooling1d",
            "GlobalAveragePooling1D",
            (128,),
            0,
            2560,
            15,
        ),
        Layer("dropout", "Dropout", (128,), 0, 0, 15),
        Layer("dense", "Dense", (1,), 129, 277, 15, ("dense/kernel", "dense/bias")),
    ),
    trainable=105744,
    size=105744,
    slots={"velocity": 0.0},
    optimizer=RMSprop(learning_rate=0.001),
    totals=4,
    feeds=("x", "y_target", "y_sample_weight"),
)


class SequenceClassifier(Model):
    """Two classes of sequences."""

    spec = SPEC
    programs = Programs(
        train=(
            Steps(gradients, 48387, 86144, 16958147),
            Steps(update, 48387, 86144, 0),
        ),
        gradient=(Steps(gradients, 48387, 86144, 16958147),),
        evaluate=(Steps(evaluate, 19974, 0, 6341568),),
        predict=(Steps(predict, 19969, 0, 6341525),),
    )


SOURCE_NAME = "06_conv1d.k"
SOURCE_MAP = {
    "compute_conv1d": (12,),
    "compute_conv1d_1": (12,),
    "compute_max_pooling1d": (13,),
    "compute_conv1d_2": (14,),
    "compute_conv1d_3": (14,),
    "compute_dropout": (15,),
    "gradient_of_dense_add": (15, 18),
    "compute_accuracy_sum": (18, 19),
    "compute_multiply_1": (18,),
    "compute_copy_1": (12, 15, 19),
    "transpose_dense_kernel": (15,),
    "gradient_of_dropout_multiply": (15,),
    "gradient_of_dense_kernel_parts": (15,),
    "gradient_of_dense_kernel": (15,),
    "gradient_of_conv1d_3_add": (14,),
    "gradient_of_conv1d_3_bias_sum": (14,),
    "gradient_of_conv1d_2_bias_sum_1": (14,),
    "gradient_of_conv1d_3_turn": (14,),
    "gradient_of_conv1d_2_pad": (14,),
    "gradient_of_conv1d_2_add": (14,),
    "gradient_of_conv1d_3_kernel": (14,),
    "gradient_of_conv1d_2_bias_sum": (14,),
    "gradient_of_conv1d_2_turn": (14,),
    "gradient_of_max_pooling1d_pad": (14,),
    "gradient_of_max_pooling1d_conv": (14,),
    "gradient_of_conv1d_2_kernel": (14,),
    "gradient_of_max_pooling1d_pool_where": (13,),
    "gradient_of_conv1d_1": (13,),
    "gradient_of_conv1d_1_add": (12,),
    "gradient_of_conv1d_1_bias_sum": (12,),
    "gradient_of_conv1d_bias_sum_1": (12,),
    "gradient_of_conv1d_1_turn": (12,),
    "gradient_of_conv1d_pad": (12,),
    "gradient_of_conv1d_add": (12,),
    "gradient_of_conv1d_1_kernel": (12,),
    "gradient_of_conv1d_bias_sum": (12,),
    "gradient_of_conv1d_kernel": (12,),
    "compute_subtract": (),
    "compute_conv1d_3_add": (14,),
    "compute_multiply": (15,),
    "compute_y_loss_sigmoid_crossentropy": (15, 18),
    "compute_copy_1_2": (19,),
    "compute_dense": (15,),
}
SOURCE = """\
# Sequences told apart by convolutions over time: what matters is found wherever it stands.

param steps = 64
param features = 100
param filters = 64
param rate = 0.5

model SequenceClassifier:
    \"\"\"Two classes of sequences.\"\"\"
    input x: float32[steps, features]
    output y = x
        |> Conv1D(filters, 3, activation="relu") |> Conv1D(filters, 3, activation="relu")
        |> MaxPooling1D(3)
        |> Conv1D(2 * filters, 3, activation="relu") |> Conv1D(2 * filters, 3, activation="relu")
        |> GlobalAveragePooling1D() |> Dropout(rate) |> Dense(1, activation="sigmoid")
    train:
        optimizer = "rmsprop"
        loss = "binary_crossentropy"
        metrics = ["accuracy"]
"""
