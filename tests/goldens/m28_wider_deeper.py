"""Student, as native code.

Built by kgen 0.1.0 from 28_wider_deeper.k; edit that, not this.

layer            kind          output               weights  line
conv1            Conv2D        (batch, 28, 28, 64)      640    13
max_pooling2d    MaxPooling2D  (batch, 14, 14, 64)        0    17
conv2            Conv2D        (batch, 14, 14, 64)   36,928    14
max_pooling2d_1  MaxPooling2D  (batch, 7, 7, 64)          0    21
flatten          Flatten       (batch, 3136)              0    21
hidden           Dense         (batch, 64)          200,768    15
classes          Dense         (batch, 10)              650    16
total            Student                            238,986
"""

import numpy as np
from kgen.runtime.kernels import kernel, sync
from kgen.runtime.memory import Programs, Steps, rows_for, vectors_for
from kgen.runtime.model import Model
from kgen.runtime.optimizers import SGD
from kgen.runtime.spec import Input, Layer, Metric, Output, Spec, Target, Weight
from kgen.runtime.tiles import (
    HALF_ROWS,
    LANES,
    ROWS,
    copy_words,
    exp,
    fill_words,
    full,
    keep_columns,
    lane_index,
    load,
    load_column,
    load_scalar,
    log,
    matrix,
    maximum,
    outer,
    outer_t,
    pack,
    row_max,
    row_min,
    row_sum,
    select,
    share,
    share_block,
    share_rows,
    store,
    store_column,
    store_rows,
    transpose_block,
    workspace,
    zeros,
)

VECTORS_10 = vectors_for(10)
VECTORS_64 = vectors_for(64)
ROWS_3_BY_4 = rows_for(3, 4)
ROWS_14_BY_2 = rows_for(14, 2)
ROWS_28_BY_2 = rows_for(28, 2)
ROWS_192_BY_2 = rows_for(192, 2)

WEIGHTS = (
    Weight("conv1/kernel", (3, 3, 1, 64), 0, "GlorotUniform", {"seed": None}),
    Weight("conv1/bias", (64,), 576, "Zeros", {}),
    Weight("conv2/kernel", (3, 3, 64, 64), 640, "GlorotUniform", {"seed": None}),
    Weight("conv2/bias", (64,), 37504, "Zeros", {}),
    Weight("hidden/kernel", (3136, 64), 37568, "GlorotUniform", {"seed": None}),
    Weight("hidden/bias", (64,), 238272, "Zeros", {}),
    Weight("classes/kernel", (64, 10), 238336, "GlorotUniform", {"seed": None}),
    Weight("classes/bias", (10,), 238976, "Zeros", {}),
)


@kernel
def compute_conv1(thread, threads, batch, clock, args):
    """Line 17 of the model. 1,003,520 FLOPs a row."""
    image = matrix(args, 0, batch * 784, 1)
    conv1_kernel = matrix(args, 1, 9, 64)
    conv1_bias = matrix(args, 2, 1, 64)
    conv1 = matrix(args, 3, batch * 784, 64)
    first, last, left, right = share_block(clock, batch, 28, 1, thread, threads)
    for n in range(first, last):
        lines = workspace(900, 1, 1)
        for p in range(30):
            place = p * 30
            if p >= 1 and p < 29:
                fill_words(lines, place, 1, 0.0)
                copy_words(lines, place + 1, image, (n * 28 + (p - 1)) * 28, 28)
                fill_words(lines, place + 29, 1, 0.0)
            else:
                fill_words(lines, place, 30, 0.0)
        for j in range(0, 64, 2 * LANES):
            panel = pack(conv1_kernel, 0, j, 9, 2)
            for oy in range(left, right):
                for tile in range(0, 28, ROWS_28_BY_2):
                    ox = min(tile, 28 - ROWS_28_BY_2)
                    i = (n * 28 + oy) * 28 + ox
                    acc = zeros(ROWS_28_BY_2, 2)
                    for ty in range(3):
                        row = (oy + ty) * 30 + ox
                        kk = ty * 3
                        for k in range(3):
                            acc = outer(acc, lines, row, k, panel, kk + k, 0)
                    store(conv1, i, j, maximum(acc + load(conv1_bias, 0, j, 1, 2), 0.0))


@kernel
def compute_max_pooling2d(thread, threads, batch, clock, args):
    """Line 17 of the model. 50,176 FLOPs a row."""
    conv1 = matrix(args, 0, batch * 784, 64)
    max_pooling2d = matrix(args, 1, batch * 196, 64)
    first, last, left, right = share_block(clock, batch, 14, 1, thread, threads)
    for n in range(first, last):
        for oy in range(left, right):
            for ox in range(14):
                i = (n * 14 + oy) * 14 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 64, 4 * LANES):
                    acc = full(1, 4, -np.inf)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            acc = maximum(
                                acc, load(conv1, (n * 28 + iy) * 28 + ix, j, 1, 4)
                            )
                    store(max_pooling2d, i, j, acc)


@kernel
def compute_conv2(thread, threads, batch, clock, args):
    """Line 17 of the model. 14,475,776 FLOPs a row."""
    max_pooling2d = matrix(args, 0, batch * 196, 64)
    conv2_kernel = matrix(args, 1, 576, 64)
    conv2_bias = matrix(args, 2, 1, 64)
    conv2 = matrix(args, 3, batch * 196, 64)
    first, last, left, right = share_block(clock, batch, 14, 1, thread, threads)
    for n in range(first, last):
        lines = workspace(16384, 64, 64)
        for p in range(16):
            place = p * 1024
            if p >= 1 and p < 15:
                fill_words(lines, place, 64, 0.0)
                copy_words(
                    lines, place + 64, max_pooling2d, (n * 14 + (p - 1)) * 896, 896
                )
                fill_words(lines, place + 960, 64, 0.0)
            else:
                fill_words(lines, place, 1024, 0.0)
        for j in range(0, 64, 2 * LANES):
            panel = pack(conv2_kernel, 0, j, 576, 2)
            for oy in range(left, right):
                for tile in range(0, 14, ROWS_14_BY_2):
                    ox = min(tile, 14 - ROWS_14_BY_2)
                    i = (n * 14 + oy) * 14 + ox
                    acc = zeros(ROWS_14_BY_2, 2)
                    for ty in range(3):
                        row = (oy + ty) * 16 + ox
                        kk = ty * 192
                        for k in range(192):
                            acc = outer(acc, lines, row, k, panel, kk + k, 0)
                    store(conv2, i, j, maximum(acc + load(conv2_bias, 0, j, 1, 2), 0.0))


@kernel
def compute_max_pooling2d_1(thread, threads, batch, clock, args):
    """Line 21 of the model. 12,544 FLOPs a row."""
    conv2 = matrix(args, 0, batch * 196, 64)
    max_pooling2d_1 = matrix(args, 1, batch * 49, 64)
    first, last, left, right = share_block(clock, batch, 7, 1, thread, threads)
    for n in range(first, last):
        for oy in range(left, right):
            for ox in range(7):
                i = (n * 7 + oy) * 7 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 64, 4 * LANES):
                    acc = full(1, 4, -np.inf)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            acc = maximum(
                                acc, load(conv2, (n * 14 + iy) * 14 + ix, j, 1, 4)
                            )
                    store(max_pooling2d_1, i, j, acc)


@kernel
def compute_hidden(thread, threads, batch, clock, args):
    """Line 21 of the model. 401,536 FLOPs a row."""
    max_pooling2d_1 = matrix(args, 0, batch, 3136)
    hidden_kernel = matrix(args, 1, 3136, 64)
    hidden_bias = matrix(args, 2, 1, 64)
    hidden = matrix(args, 3, batch, 64)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(3136):
                acc = outer(acc, max_pooling2d_1, i, k, hidden_kernel, k, j)
            hidden_tile = maximum(acc + load(hidden_bias, 0, j, 1, 2), 0.0)
            store(hidden, i, j, hidden_tile)


@kernel
def compute_classes_add(thread, threads, batch, clock, args):
    """Line 25 of the model. 1,290 FLOPs a row."""
    hidden = matrix(args, 0, batch, 64)
    classes_kernel = matrix(args, 1, 64, 10)
    classes_bias = matrix(args, 2, 1, 10)
    classes_add = matrix(args, 3, batch, 10)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 10, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(64):
                acc = outer(acc, hidden, i, k, classes_kernel, k, j)
            store(classes_add, i, j, acc + load(classes_bias, 0, j, 1, 1))


@kernel
def gradient_of_classes_add(thread, threads, batch, clock, args):
    """Lines 25, 28, 29. 346 FLOPs a row."""
    classes_add = matrix(args, 0, batch, 10)
    digit_target = matrix(args, 1, batch, 10)
    digit_sample_weight = matrix(args, 2, batch, 1)
    digit_loss_multiply_2 = matrix(args, 3, batch, 1)
    accuracy_min = matrix(args, 4, batch, 1)
    accuracy_min_1 = matrix(args, 5, batch, 1)
    d_classes_add = matrix(args, 6, batch, 10)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last, 2):
        classes_add_tile = load(classes_add, i, 0, 2, VECTORS_10)
        classes_max = row_max(keep_columns(classes_add_tile, 0, 10, -np.inf))
        classes_subtract = classes_add_tile - classes_max
        classes_exp = exp(classes_subtract)
        classes_sum = row_sum(keep_columns(classes_exp, 0, 10, 0.0))
        classes = classes_exp / classes_sum
        digit_loss_log_softmax = classes_subtract - log(classes_sum)
        digit_target_tile = load(digit_target, i, 0, 2, VECTORS_10)
        digit_loss_multiply = digit_target_tile * digit_loss_log_softmax
        digit_loss_sum_1 = row_sum(keep_columns(digit_loss_multiply, 0, 10, 0.0))
        digit_loss_negative = -digit_loss_sum_1
        digit_sample_weight_tile = load_column(digit_sample_weight, i, 2)
        digit_loss_multiply_2_tile = digit_loss_negative * digit_sample_weight_tile
        store_column(digit_loss_multiply_2, i, digit_loss_multiply_2_tile)
        accuracy_max = row_max(keep_columns(digit_target_tile, 0, 10, -np.inf))
        accuracy_equal = digit_target_tile == accuracy_max
        index = lane_index(0, VECTORS_10)
        accuracy_where = select(accuracy_equal, index, 10.0)
        accuracy_min_tile = row_min(keep_columns(accuracy_where, 0, 10, np.inf))
        store_column(accuracy_min, i, accuracy_min_tile)
        accuracy_max_1 = row_max(keep_columns(classes, 0, 10, -np.inf))
        accuracy_where_1 = select(classes == accuracy_max_1, index, 10.0)
        accuracy_min_1_tile = row_min(keep_columns(accuracy_where_1, 0, 10, np.inf))
        store_column(accuracy_min_1, i, accuracy_min_1_tile)
        d_digit_loss_sum_2 = 1.0 / full(1, 1, batch)
        d_digit_loss_negative_1 = d_digit_loss_sum_2 * digit_sample_weight_tile
        negative = -d_digit_loss_negative_1
        d_digit_loss_log_softmax = negative * digit_target_tile
        d_digit_loss_sum_1_1 = row_sum(
            keep_columns(d_digit_loss_log_softmax, 0, 10, 0.0)
        )
        d_digit_loss_multiply_8 = classes * d_digit_loss_sum_1_1
        d_classes_add_tile = d_digit_loss_log_softmax - d_digit_loss_multiply_8
        store(d_classes_add, i, 0, d_classes_add_tile)


@kernel
def compute_figures(thread, threads, batch, clock, args):
    """Lines 17, 28, 29. 2 FLOPs a row, 7 FLOPs."""
    digit_loss_multiply_2 = matrix(args, 0, batch, 1)
    accuracy_min = matrix(args, 1, batch, 1)
    accuracy_min_1 = matrix(args, 2, batch, 1)
    multiply = matrix(args, 3, 1, 1)
    accuracy_sum = matrix(args, 4, 1, 1)
    copy = matrix(args, 5, 1, 1)
    copy_1 = matrix(args, 6, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        summed_2 = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(digit_loss_multiply_2, i, j, 1, 1)
            accuracy_min_tile = load(accuracy_min, i, j, 1, 1)
            accuracy_min_1_tile = load(accuracy_min_1, i, j, 1, 1)
            accuracy_equal_2 = accuracy_min_tile == accuracy_min_1_tile
            summed_2 = summed_2 + select(accuracy_equal_2, 1.0, 0.0)
        digit_loss = summed / full(1, 1, batch)
        batch_size = full(1, 1, batch)
        store(multiply, 0, j, digit_loss * batch_size)
        store(accuracy_sum, 0, j, summed_2)
        store(copy, 0, j, batch_size)
        store(copy_1, 0, j, full(1, 1, batch))


@kernel
def gradient_of_classes_bias(thread, threads, batch, clock, args):
    """Line 25 of the model. 10 FLOPs a row."""
    d_classes_add = matrix(args, 0, batch, 10)
    d_classes_bias = matrix(args, 1, 1, 10)
    first, last = share(10, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(d_classes_add, i, j, 1, 1)
        store(d_classes_bias, 0, j, summed)


@kernel
def transpose_classes_kernel(thread, threads, batch, clock, args):
    """Line 25 of the model."""
    classes_kernel = matrix(args, 0, 64, 10)
    d_hidden_transpose = matrix(args, 1, 10, 64)
    first, last = share(64, LANES, thread, threads)
    for i in range(first, last, LANES):
        for j in range(0, 10, LANES):
            transpose_block(classes_kernel, i, j, d_hidden_transpose)


@kernel
def gradient_of_hidden_add(thread, threads, batch, clock, args):
    """Lines 21, 25. 1,344 FLOPs a row."""
    d_classes_add = matrix(args, 0, batch, 10)
    d_hidden_transpose = matrix(args, 1, 10, 64)
    hidden = matrix(args, 2, batch, 64)
    d_hidden_add = matrix(args, 3, batch, 64)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(10):
                acc = outer(acc, d_classes_add, i, k, d_hidden_transpose, k, j)
            d_hidden_greater = load(hidden, i, j, ROWS, 2) > 0.0
            store(d_hidden_add, i, j, select(d_hidden_greater, acc, 0.0))


@kernel
def gradient_of_classes_kernel(thread, threads, batch, clock, args):
    """Line 25 of the model. 1,280 FLOPs a row."""
    hidden = matrix(args, 0, batch, 64)
    d_classes_add = matrix(args, 1, batch, 10)
    d_classes_kernel = matrix(args, 2, 64, 10)
    first, last = share(64, ROWS, thread, threads)
    for j in range(0, 10, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(batch):
                acc = outer_t(acc, hidden, k, i, d_classes_add, k, j)
            store(d_classes_kernel, i, j, acc)


@kernel
def gradient_of_hidden_bias(thread, threads, batch, clock, args):
    """Line 21 of the model. 64 FLOPs a row."""
    d_hidden_add = matrix(args, 0, batch, 64)
    d_hidden_bias = matrix(args, 1, 1, 64)
    first, last = share(64, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(batch):
            summed = summed + load(d_hidden_add, i, j, 1, 4)
        store(d_hidden_bias, 0, j, summed)


@kernel
def transpose_hidden_kernel(thread, threads, batch, clock, args):
    """Line 21 of the model."""
    hidden_kernel = matrix(args, 0, 3136, 64)
    d_flatten_transpose = matrix(args, 1, 64, 3136)
    first, last = share(3136, LANES, thread, threads)
    for i in range(first, last, LANES):
        for j in range(0, 64, LANES):
            transpose_block(hidden_kernel, i, j, d_flatten_transpose)


@kernel
def gradient_of_flatten_dot(thread, threads, batch, clock, args):
    """Line 21 of the model. 401,408 FLOPs a row."""
    d_hidden_add = matrix(args, 0, batch, 64)
    d_flatten_transpose = matrix(args, 1, 64, 3136)
    d_flatten_dot = matrix(args, 2, batch, 3136)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 3136, 4 * LANES):
        panel = pack(d_flatten_transpose, 0, j, 64, 4)
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(64):
                acc = outer(acc, d_hidden_add, i, k, panel, k, 0)
            store(d_flatten_dot, i, j, acc)


@kernel
def gradient_of_hidden_kernel(thread, threads, batch, clock, args):
    """Line 21 of the model. 401,408 FLOPs a row."""
    max_pooling2d_1 = matrix(args, 0, batch, 3136)
    d_hidden_add = matrix(args, 1, batch, 64)
    d_hidden_kernel = matrix(args, 2, 3136, 64)
    first, last = share(3136, ROWS, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(batch):
                acc = outer_t(acc, max_pooling2d_1, k, i, d_hidden_add, k, j)
            store(d_hidden_kernel, i, j, acc)


@kernel
def gradient_of_max_pooling2d_1_pool_where(thread, threads, batch, clock, args):
    """Line 21 of the model."""
    conv2 = matrix(args, 0, batch * 196, 64)
    d_max_pooling2d_1_pool_where = matrix(args, 1, batch * 49, 64)
    first, last, left, right = share_block(clock, batch, 7, 1, thread, threads)
    for n in range(first, last):
        for oy in range(left, right):
            for ox in range(7):
                i = (n * 7 + oy) * 7 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 64, 4 * LANES):
                    best = full(1, 4, -np.inf)
                    acc = full(1, 4, 0)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            part = load(conv2, (n * 14 + iy) * 14 + ix, j, 1, 4)
                            found = part > best
                            acc = select(
                                found, (iy - iy_first) * 2 + (ix - ix_first), acc
                            )
                            best = select(found, part, best)
                    store(d_max_pooling2d_1_pool_where, i, j, acc)


@kernel
def gradient_of_conv2(thread, threads, batch, clock, args):
    """Line 21 of the model."""
    d_flatten_dot = matrix(args, 0, batch * 49, 64)
    d_max_pooling2d_1_pool_where = matrix(args, 1, batch * 49, 64)
    d_conv2 = matrix(args, 2, batch * 196, 64)
    first, last, left, right = share_block(clock, batch, 7, 1, thread, threads)
    for n in range(first, last):
        for oy in range(left, right):
            for ox in range(7):
                i = (n * 7 + oy) * 7 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 64, 4 * LANES):
                    best = load(d_flatten_dot, i, j, 1, 4)
                    found = load(d_max_pooling2d_1_pool_where, i, j, 1, 4)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            store(
                                d_conv2,
                                (n * 14 + iy) * 14 + ix,
                                j,
                                select(
                                    found == (iy - iy_first) * 2 + (ix - ix_first),
                                    best,
                                    0.0,
                                ),
                            )


@kernel
def gradient_of_conv2_add(thread, threads, batch, clock, args):
    """Line 17 of the model. 12,544 FLOPs a row."""
    conv2 = matrix(args, 0, batch * 196, 64)
    d_conv2 = matrix(args, 1, batch * 196, 64)
    d_conv2_add = matrix(args, 2, batch * 196, 64)
    first, last = share_rows(clock, batch, 196, ROWS, thread, threads)
    for i in range(first, last):
        d_conv2_greater = load(conv2, i, 0, 1, VECTORS_64) > 0.0
        d_conv2_tile = load(d_conv2, i, 0, 1, VECTORS_64)
        store(d_conv2_add, i, 0, select(d_conv2_greater, d_conv2_tile, 0.0))


@kernel
def gradient_of_conv2_bias_sum(thread, threads, batch, clock, args):
    """Line 17 of the model. 12,544 FLOPs a row."""
    d_conv2_add = matrix(args, 0, batch * 196, 64)
    d_conv2_bias_sum = matrix(args, 1, batch, 64)
    first, last = share(batch, ROWS, thread, threads)
    for o in range(first, last):
        for j in range(0, 64, 4 * LANES):
            summed = full(1, 4, 0.0)
            for i in range(196):
                summed = summed + load(d_conv2_add, o * 196 + i, j, 1, 4)
            store(d_conv2_bias_sum, o, j, summed)


@kernel
def gradient_of_conv1_bias_sum_1(thread, threads, batch, clock, args):
    """Line 17 of the model. 128 FLOPs a row."""
    d_conv2_bias_sum = matrix(args, 0, batch, 64)
    d_conv1_bias_sum = matrix(args, 1, batch, 64)
    d_conv2_bias_sum_1 = matrix(args, 2, 1, 64)
    d_conv1_bias_sum_1 = matrix(args, 3, 1, 64)
    first, last = share(64, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        summed_2 = full(1, 4, 0.0)
        for i in range(batch):
            summed = summed + load(d_conv2_bias_sum, i, j, 1, 4)
            summed_2 = summed_2 + load(d_conv1_bias_sum, i, j, 1, 4)
        store(d_conv2_bias_sum_1, 0, j, summed)
        store(d_conv1_bias_sum_1, 0, j, summed_2)


@kernel
def gradient_of_conv2_turn(thread, threads, batch, clock, args):
    """Line 17 of the model."""
    conv2_kernel = matrix(args, 0, 576, 64)
    d_conv2_turn = matrix(args, 1, 576, 64)
    first, last = share(576, LANES, thread, threads)
    for i in range(first, last, LANES):
        row = (8 - i // 64) * 64
        for j in range(0, 64, LANES):
            transpose_block(conv2_kernel, i, j, d_conv2_turn, row + j, i % 64)


@kernel
def gradient_of_conv2_kernel_parts(thread, threads, batch, clock, args):
    """Line 17 of the model. 14,450,688 FLOPs a row."""
    d_conv2_add = matrix(args, 0, batch * 196, 64)
    d_conv2_kernel_parts = matrix(args, 1, threads * 576, 64)
    max_pooling2d = matrix(args, 2, batch * 196, 64)
    first, last = share(batch, ROWS, thread, threads)
    fill_words(d_conv2_kernel_parts, thread * 36864, 36864, 0.0)
    for n in range(first, last):
        lines = workspace(16384, 64, 64)
        for p in range(16):
            place = p * 1024
            if p >= 1 and p < 15:
                fill_words(lines, place, 64, 0.0)
                copy_words(
                    lines, place + 64, max_pooling2d, (n * 14 + (p - 1)) * 896, 896
                )
                fill_words(lines, place + 960, 64, 0.0)
            else:
                fill_words(lines, place, 1024, 0.0)
        for j in range(0, 64, 2 * LANES):
            start = n * 14
            count = 14
            panel = pack(d_conv2_add, start * 14, j, 196, 2, count * 14)
            for t in range(3 * -(-192 // ROWS_192_BY_2)):
                tap = t // (-(-192 // ROWS_192_BY_2))
                m = t % (-(-192 // ROWS_192_BY_2)) * ROWS_192_BY_2
                ty = tap
                acc = load(
                    d_conv2_kernel_parts,
                    thread * 576 + tap * 192 + m,
                    j,
                    ROWS_192_BY_2,
                    2,
                )
                for oy in range(14):
                    q = n * 14 + oy
                    row = (oy + ty) * 16
                    for ox in range(14):
                        acc = outer_t(
                            acc, lines, row + ox, m, panel, (q - start) * 14 + ox, 0
                        )
                store_rows(
                    d_conv2_kernel_parts, thread * 576 + tap * 192 + m, j, acc, 192 - m
                )


@kernel
def gradient_of_conv2_kernel(thread, threads, batch, clock, args):
    """Line 17 of the model. 36,864 FLOPs."""
    d_conv2_kernel_parts = matrix(args, 0, threads, 36864)
    d_conv2_kernel = matrix(args, 1, 1, 36864)
    first, last = share(36864, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_conv2_kernel_parts, i, j, 1, 4)
        store(d_conv2_kernel, 0, j, summed)


@kernel
def gradient_of_max_pooling2d_conv(thread, threads, batch, clock, args):
    """Line 17 of the model. 14,450,688 FLOPs a row."""
    d_conv2_add = matrix(args, 0, batch * 196, 64)
    d_conv2_turn = matrix(args, 1, 576, 64)
    d_max_pooling2d_conv = matrix(args, 2, batch * 196, 64)
    first, last, left, right = share_block(clock, batch, 14, 1, thread, threads)
    for n in range(first, last):
        lines = workspace(16384, 64, 64)
        for p in range(16):
            place = p * 1024
            if p >= 1 and p < 15:
                fill_words(lines, place, 64, 0.0)
                copy_words(
                    lines, place + 64, d_conv2_add, (n * 14 + (p - 1)) * 896, 896
                )
                fill_words(lines, place + 960, 64, 0.0)
            else:
                fill_words(lines, place, 1024, 0.0)
        for j in range(0, 64, 2 * LANES):
            panel = pack(d_conv2_turn, 0, j, 576, 2)
            for oy in range(left, right):
                for tile in range(0, 14, ROWS_14_BY_2):
                    ox = min(tile, 14 - ROWS_14_BY_2)
                    i = (n * 14 + oy) * 14 + ox
                    acc = zeros(ROWS_14_BY_2, 2)
                    for ty in range(3):
                        row = (oy + ty) * 16 + ox
                        kk = ty * 192
                        for k in range(192):
                            acc = outer(acc, lines, row, k, panel, kk + k, 0)
                    store(d_max_pooling2d_conv, i, j, acc)


@kernel
def gradient_of_max_pooling2d_pool_where(thread, threads, batch, clock, args):
    """Line 17 of the model."""
    conv1 = matrix(args, 0, batch * 784, 64)
    d_max_pooling2d_pool_where = matrix(args, 1, batch * 196, 64)
    first, last, left, right = share_block(clock, batch, 14, 1, thread, threads)
    for n in range(first, last):
        for oy in range(left, right):
            for ox in range(14):
                i = (n * 14 + oy) * 14 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 64, 4 * LANES):
                    best = full(1, 4, -np.inf)
                    acc = full(1, 4, 0)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            part = load(conv1, (n * 28 + iy) * 28 + ix, j, 1, 4)
                            found = part > best
                            acc = select(
                                found, (iy - iy_first) * 2 + (ix - ix_first), acc
                            )
                            best = select(found, part, best)
                    store(d_max_pooling2d_pool_where, i, j, acc)


@kernel
def gradient_of_conv1(thread, threads, batch, clock, args):
    """Line 17 of the model."""
    d_max_pooling2d_conv = matrix(args, 0, batch * 196, 64)
    d_max_pooling2d_pool_where = matrix(args, 1, batch * 196, 64)
    d_conv1 = matrix(args, 2, batch * 784, 64)
    first, last, left, right = share_block(clock, batch, 14, 1, thread, threads)
    for n in range(first, last):
        for oy in range(left, right):
            for ox in range(14):
                i = (n * 14 + oy) * 14 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 64, 4 * LANES):
                    best = load(d_max_pooling2d_conv, i, j, 1, 4)
                    found = load(d_max_pooling2d_pool_where, i, j, 1, 4)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            store(
                                d_conv1,
                                (n * 28 + iy) * 28 + ix,
                                j,
                                select(
                                    found == (iy - iy_first) * 2 + (ix - ix_first),
                                    best,
                                    0.0,
                                ),
                            )


@kernel
def gradient_of_conv1_add(thread, threads, batch, clock, args):
    """Line 17 of the model. 50,176 FLOPs a row."""
    conv1 = matrix(args, 0, batch * 784, 64)
    d_conv1 = matrix(args, 1, batch * 784, 64)
    d_conv1_add = matrix(args, 2, batch * 784, 64)
    first, last = share_rows(clock, batch, 784, ROWS, thread, threads)
    for i in range(first, last):
        d_conv1_greater = load(conv1, i, 0, 1, VECTORS_64) > 0.0
        d_conv1_tile = load(d_conv1, i, 0, 1, VECTORS_64)
        store(d_conv1_add, i, 0, select(d_conv1_greater, d_conv1_tile, 0.0))


@kernel
def gradient_of_conv1_bias_sum(thread, threads, batch, clock, args):
    """Line 17 of the model. 50,176 FLOPs a row."""
    d_conv1_add = matrix(args, 0, batch * 784, 64)
    d_conv1_bias_sum = matrix(args, 1, batch, 64)
    first, last = share(batch, ROWS, thread, threads)
    for o in range(first, last):
        for j in range(0, 64, 4 * LANES):
            summed = full(1, 4, 0.0)
            for i in range(784):
                summed = summed + load(d_conv1_add, o * 784 + i, j, 1, 4)
            store(d_conv1_bias_sum, o, j, summed)


@kernel
def gradient_of_conv1_kernel_parts(thread, threads, batch, clock, args):
    """Line 17 of the model. 903,168 FLOPs a row."""
    d_conv1_add = matrix(args, 0, batch * 784, 64)
    d_conv1_kernel_parts = matrix(args, 1, threads * 9, 64)
    image = matrix(args, 2, batch * 784, 1)
    first, last = share(batch, ROWS, thread, threads)
    fill_words(d_conv1_kernel_parts, thread * 576, 576, 0.0)
    for n in range(first, last):
        for top in range(0, 28, 7):
            lines = workspace(270, 1, 1)
            for p in range(9):
                place = p * 30
                if top + p >= 1 and top + p < 29:
                    fill_words(lines, place, 1, 0.0)
                    copy_words(
                        lines, place + 1, image, (n * 28 + (top + p - 1)) * 28, 28
                    )
                    fill_words(lines, place + 29, 1, 0.0)
                else:
                    fill_words(lines, place, 30, 0.0)
            for j in range(0, 64, 4 * LANES):
                for t in range(3 * -(-3 // ROWS_3_BY_4)):
                    tap = t // (-(-3 // ROWS_3_BY_4))
                    m = t % (-(-3 // ROWS_3_BY_4)) * ROWS_3_BY_4
                    ty = tap
                    acc = load(
                        d_conv1_kernel_parts,
                        thread * 9 + tap * 3 + m,
                        j,
                        ROWS_3_BY_4,
                        4,
                    )
                    for oy in range(top, min(top + 7, 28)):
                        q = n * 28 + oy
                        row = ((oy - top) + ty) * 30
                        for ox in range(28):
                            acc = outer_t(
                                acc, lines, row + ox, m, d_conv1_add, q * 28 + ox, j
                            )
                    store_rows(
                        d_conv1_kernel_parts, thread * 9 + tap * 3 + m, j, acc, 3 - m
                    )


@kernel
def gradient_of_conv1_kernel(thread, threads, batch, clock, args):
    """Line 17 of the model. 576 FLOPs."""
    d_conv1_kernel_parts = matrix(args, 0, threads, 576)
    d_conv1_kernel = matrix(args, 1, 1, 576)
    first, last = share(576, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_conv1_kernel_parts, i, j, 1, 4)
        store(d_conv1_kernel, 0, j, summed)


@kernel
def update_weights(thread, threads, batch, clock, args):
    """All weights at once. 477,984 FLOPs."""
    momentum = matrix(args, 0, 1, 238992)
    gradients = matrix(args, 1, 1, 238992)
    learning_rate = matrix(args, 2, 1, 1)
    weights = matrix(args, 3, 1, 238992)
    first, last = share(238992, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        learning_rate_2 = load_scalar(learning_rate, 0, 0)
        multiply = load(gradients, 0, j, 1, 4) * learning_rate_2
        subtract_tile = (load(momentum, 0, j, 1, 4) * 0.9) - multiply
        store(momentum, 0, j, subtract_tile)
        store(weights, 0, j, load(weights, 0, j, 1, 4) + subtract_tile)


@kernel
def compute_hidden_2(thread, threads, batch, clock, args):
    """Line 21 of the model. 401,536 FLOPs a row."""
    max_pooling2d_1 = matrix(args, 0, batch, 3136)
    hidden_kernel = matrix(args, 1, 3136, 64)
    hidden_bias = matrix(args, 2, 1, 64)
    hidden = matrix(args, 3, batch, 64)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(3136):
                acc = outer(acc, max_pooling2d_1, i, k, hidden_kernel, k, j)
            hidden_tile = maximum(acc + load(hidden_bias, 0, j, 1, 4), 0.0)
            store(hidden, i, j, hidden_tile)


@kernel
def compute_accuracy_min_1(thread, threads, batch, clock, args):
    """Lines 25, 28, 29. 306 FLOPs a row."""
    classes_add = matrix(args, 0, batch, 10)
    digit_target = matrix(args, 1, batch, 10)
    digit_sample_weight = matrix(args, 2, batch, 1)
    digit_loss_multiply_2 = matrix(args, 3, batch, 1)
    accuracy_min = matrix(args, 4, batch, 1)
    accuracy_min_1 = matrix(args, 5, batch, 1)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last, 2):
        classes_add_tile = load(classes_add, i, 0, 2, VECTORS_10)
        classes_max = row_max(keep_columns(classes_add_tile, 0, 10, -np.inf))
        classes_subtract = classes_add_tile - classes_max
        classes_exp = exp(classes_subtract)
        classes_sum = row_sum(keep_columns(classes_exp, 0, 10, 0.0))
        classes = classes_exp / classes_sum
        digit_loss_log_softmax = classes_subtract - log(classes_sum)
        digit_target_tile = load(digit_target, i, 0, 2, VECTORS_10)
        digit_loss_multiply = digit_target_tile * digit_loss_log_softmax
        digit_loss_sum_1 = row_sum(keep_columns(digit_loss_multiply, 0, 10, 0.0))
        digit_loss_negative = -digit_loss_sum_1
        digit_sample_weight_tile = load_column(digit_sample_weight, i, 2)
        digit_loss_multiply_2_tile = digit_loss_negative * digit_sample_weight_tile
        store_column(digit_loss_multiply_2, i, digit_loss_multiply_2_tile)
        accuracy_max = row_max(keep_columns(digit_target_tile, 0, 10, -np.inf))
        accuracy_equal = digit_target_tile == accuracy_max
        index = lane_index(0, VECTORS_10)
        accuracy_where = select(accuracy_equal, index, 10.0)
        accuracy_min_tile = row_min(keep_columns(accuracy_where, 0, 10, np.inf))
        store_column(accuracy_min, i, accuracy_min_tile)
        accuracy_max_1 = row_max(keep_columns(classes, 0, 10, -np.inf))
        accuracy_where_1 = select(classes == accuracy_max_1, index, 10.0)
        accuracy_min_1_tile = row_min(keep_columns(accuracy_where_1, 0, 10, np.inf))
        store_column(accuracy_min_1, i, accuracy_min_1_tile)


@kernel
def compute_classes(thread, threads, batch, clock, args):
    """Line 25 of the model. 220 FLOPs a row."""
    classes_add = matrix(args, 0, batch, 10)
    classes = matrix(args, 1, batch, 10)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last, 2):
        classes_add_tile = load(classes_add, i, 0, 2, VECTORS_10)
        classes_max = row_max(keep_columns(classes_add_tile, 0, 10, -np.inf))
        classes_exp = exp(classes_add_tile - classes_max)
        classes_sum = row_sum(keep_columns(classes_exp, 0, 10, 0.0))
        store(classes, i, 0, classes_exp / classes_sum)


@kernel
def compute_hidden_few(thread, threads, batch, clock, args):
    """Line 21 of the model. 401,536 FLOPs a row."""
    max_pooling2d_1 = matrix(args, 0, batch, 3136)
    hidden_kernel = matrix(args, 1, 3136, 64)
    hidden_bias = matrix(args, 2, 1, 64)
    hidden = matrix(args, 3, batch, 64)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(3136):
                acc = outer(acc, max_pooling2d_1, i, k, hidden_kernel, k, j)
            hidden_tile = maximum(acc + load(hidden_bias, 0, j, 1, 4), 0.0)
            store(hidden, i, j, hidden_tile)


def gradients(m):
    """Forward, loss and backward of one batch of training."""
    image = m.rows(235200, 784)
    conv1 = m.rows(0, 50176)
    max_pooling2d = m.rows(150528, 12544)
    conv2 = m.rows(163072, 12544)
    max_pooling2d_1 = m.rows(225792, 3136)
    hidden = m.rows(235984, 64)
    classes_add = m.rows(50186, 10)
    digit_target = m.rows(50176, 10)
    digit_sample_weight = m.rows(50196, 1)
    digit_loss_multiply_2 = m.rows(236250, 1)
    accuracy_min = m.rows(236251, 1)
    accuracy_min_1 = m.rows(236252, 1)
    d_classes_add = m.rows(236240, 10)
    d_max_pooling2d_1_pool_where = m.rows(228928, 3136)
    d_max_pooling2d_pool_where = m.rows(175616, 12544)
    d_hidden_transpose = m.fixed(237568, 640)
    d_flatten_transpose = m.fixed(0, 200704)
    d_conv2_turn = m.fixed(200704, 36864)
    d_hidden_add = m.rows(236048, 64)
    d_flatten_dot = m.rows(232064, 3136)
    d_conv2 = m.rows(188160, 12544)
    d_conv2_add = m.rows(200704, 12544)
    d_conv2_bias_sum = m.rows(236112, 64)
    d_conv2_kernel_parts = m.parts(36864)
    d_max_pooling2d_conv = m.rows(213248, 12544)
    d_conv1 = m.rows(50176, 50176)
    d_conv1_add = m.rows(100352, 50176)
    d_conv1_bias_sum = m.rows(236176, 64)
    d_conv1_kernel_parts = m.parts(576)
    return [
        m.feed("image", image, 784),
        m.feed("digit_target", digit_target, 10),
        m.feed("digit_sample_weight", digit_sample_weight, 1),
        compute_conv1(image, m.weight("conv1/kernel"), m.weight("conv1/bias"), conv1),
        compute_max_pooling2d(conv1, max_pooling2d),
        compute_conv2(
            max_pooling2d,
            m.weight("conv2/kernel"),
            m.weight("conv2/bias"),
            conv2,
        ),
        compute_max_pooling2d_1(conv2, max_pooling2d_1),
        compute_hidden(
            max_pooling2d_1,
            m.weight("hidden/kernel"),
            m.weight("hidden/bias"),
            hidden,
        ),
        compute_classes_add(
            hidden,
            m.weight("classes/kernel"),
            m.weight("classes/bias"),
            classes_add,
        ),
        gradient_of_classes_add(
            classes_add,
            digit_target,
            digit_sample_weight,
            digit_loss_multiply_2,
            accuracy_min,
            accuracy_min_1,
            d_classes_add,
        ),
        gradient_of_max_pooling2d_1_pool_where(conv2, d_max_pooling2d_1_pool_where),
        gradient_of_max_pooling2d_pool_where(conv1, d_max_pooling2d_pool_where),
        transpose_classes_kernel(m.weight("classes/kernel"), d_hidden_transpose),
        transpose_hidden_kernel(m.weight("hidden/kernel"), d_flatten_transpose),
        gradient_of_conv2_turn(m.weight("conv2/kernel"), d_conv2_turn),
        sync,
        compute_figures(
            digit_loss_multiply_2,
            accuracy_min,
            accuracy_min_1,
            m.figure(0),
            m.figure(2),
            m.figure(1),
            m.figure(3),
        ),
        gradient_of_hidden_add(d_classes_add, d_hidden_transpose, hidden, d_hidden_add),
        gradient_of_flatten_dot(d_hidden_add, d_flatten_transpose, d_flatten_dot),
        gradient_of_conv2(d_flatten_dot, d_max_pooling2d_1_pool_where, d_conv2),
        gradient_of_conv2_add(conv2, d_conv2, d_conv2_add),
        gradient_of_conv2_bias_sum(d_conv2_add, d_conv2_bias_sum),
        gradient_of_conv2_kernel_parts(
            d_conv2_add,
            d_conv2_kernel_parts,
            max_pooling2d,
        ),
        gradient_of_max_pooling2d_conv(d_conv2_add, d_conv2_turn, d_max_pooling2d_conv),
        gradient_of_conv1(d_max_pooling2d_conv, d_max_pooling2d_pool_where, d_conv1),
        gradient_of_conv1_add(conv1, d_conv1, d_conv1_add),
        gradient_of_conv1_bias_sum(d_conv1_add, d_conv1_bias_sum),
        gradient_of_conv1_kernel_parts(d_conv1_add, d_conv1_kernel_parts, image),
        gradient_of_classes_bias(d_classes_add, m.gradient("classes/bias")),
        gradient_of_classes_kernel(hidden, d_classes_add, m.gradient("classes/kernel")),
        sync,
        gradient_of_hidden_bias(d_hidden_add, m.gradient("hidden/bias")),
        gradient_of_hidden_kernel(
            max_pooling2d_1,
            d_hidden_add,
            m.gradient("hidden/kernel"),
        ),
        gradient_of_conv1_bias_sum_1(
            d_conv2_bias_sum,
            d_conv1_bias_sum,
            m.gradient("conv2/bias"),
            m.gradient("conv1/bias"),
        ),
        gradient_of_conv2_kernel(d_conv2_kernel_parts, m.gradient("conv2/kernel")),
        gradient_of_conv1_kernel(d_conv1_kernel_parts, m.gradient("conv1/kernel")),
    ]


def update(m):
    """The optimizer's step."""
    return [
        update_weights(m.slot("momentum"), m.gradients(), m.scalar(0), m.weights()),
    ]


def evaluate(m):
    """Loss and metrics of one batch."""
    image = m.rows(78400, 784)
    conv1 = m.rows(0, 50176)
    max_pooling2d = m.rows(50176, 12544)
    conv2 = m.rows(62720, 12544)
    max_pooling2d_1 = m.rows(75264, 3136)
    hidden = m.rows(79184, 64)
    classes_add = m.rows(79258, 10)
    digit_target = m.rows(79248, 10)
    digit_sample_weight = m.rows(79268, 1)
    digit_loss_multiply_2 = m.rows(79269, 1)
    accuracy_min = m.rows(79270, 1)
    accuracy_min_1 = m.rows(79271, 1)
    return [
        m.feed("image", image, 784),
        m.feed("digit_target", digit_target, 10),
        m.feed("digit_sample_weight", digit_sample_weight, 1),
        compute_conv1(image, m.weight("conv1/kernel"), m.weight("conv1/bias"), conv1),
        compute_max_pooling2d(conv1, max_pooling2d),
        compute_conv2(
            max_pooling2d,
            m.weight("conv2/kernel"),
            m.weight("conv2/bias"),
            conv2,
        ),
        compute_max_pooling2d_1(conv2, max_pooling2d_1),
        compute_hidden_2(
            max_pooling2d_1,
            m.weight("hidden/kernel"),
            m.weight("hidden/bias"),
            hidden,
        ),
        compute_classes_add(
            hidden,
            m.weight("classes/kernel"),
            m.weight("classes/bias"),
            classes_add,
        ),
        compute_accuracy_min_1(
            classes_add,
            digit_target,
            digit_sample_weight,
            digit_loss_multiply_2,
            accuracy_min,
            accuracy_min_1,
        ),
        sync,
        compute_figures(
            digit_loss_multiply_2,
            accuracy_min,
            accuracy_min_1,
            m.figure(0),
            m.figure(2),
            m.figure(1),
            m.figure(3),
        ),
    ]


def predict(m):
    """The outputs of one batch."""
    image = m.rows(78400, 784)
    conv1 = m.rows(0, 50176)
    max_pooling2d = m.rows(50176, 12544)
    conv2 = m.rows(62720, 12544)
    max_pooling2d_1 = m.rows(75264, 3136)
    hidden = m.rows(79184, 64)
    classes_add = m.rows(79248, 10)
    classes = m.rows(79258, 10)
    return [
        m.feed("image", image, 784),
        compute_conv1(image, m.weight("conv1/kernel"), m.weight("conv1/bias"), conv1),
        compute_max_pooling2d(conv1, max_pooling2d),
        compute_conv2(
            max_pooling2d,
            m.weight("conv2/kernel"),
            m.weight("conv2/bias"),
            conv2,
        ),
        compute_max_pooling2d_1(conv2, max_pooling2d_1),
        compute_hidden_2(
            max_pooling2d_1,
            m.weight("hidden/kernel"),
            m.weight("hidden/bias"),
            hidden,
        ),
        compute_classes_add(
            hidden,
            m.weight("classes/kernel"),
            m.weight("classes/bias"),
            classes_add,
        ),
        compute_classes(classes_add, classes),
        m.result("digit", classes, 10),
    ]


def predict_few(m):
    """The outputs of one row, or of a few."""
    image = m.rows(78400, 784)
    conv1 = m.rows(0, 50176)
    max_pooling2d = m.rows(50176, 12544)
    conv2 = m.rows(62720, 12544)
    max_pooling2d_1 = m.rows(75264, 3136)
    hidden = m.rows(79184, 64)
    classes_add = m.rows(79248, 10)
    classes = m.rows(79258, 10)
    return [
        m.feed("image", image, 784),
        compute_conv1(image, m.weight("conv1/kernel"), m.weight("conv1/bias"), conv1),
        compute_max_pooling2d(conv1, max_pooling2d),
        compute_conv2(
            max_pooling2d,
            m.weight("conv2/kernel"),
            m.weight("conv2/bias"),
            conv2,
        ),
        compute_max_pooling2d_1(conv2, max_pooling2d_1),
        compute_hidden_few(
            max_pooling2d_1,
            m.weight("hidden/kernel"),
            m.weight("hidden/bias"),
            hidden,
        ),
        compute_classes_add(
            hidden,
            m.weight("classes/kernel"),
            m.weight("classes/bias"),
            classes_add,
        ),
        compute_classes(classes_add, classes),
        m.result("digit", classes, 10),
    ]


SPEC = Spec(
    name="Student",
    source="28_wider_deeper.k",
    version="0.1.0",
    inputs=(Input("image", "float32", (28, 28, 1)),),
    outputs=(Output("digit", (10,)),),
    targets=(Target("digit", "float32", (10,)),),
    weights=WEIGHTS,
    metrics=(Metric("loss", (0, 1)), Metric("accuracy", (2, 3))),
    layers=(
        Layer(
            "conv1",
            "Conv2D",
            (28, 28, 64),
            640,
            1003520,
            13,
            ("conv1/kernel", "conv1/bias"),
        ),
        Layer("max_pooling2d", "MaxPooling2D", (14, 14, 64), 0, 50176, 17),
        Layer(
            "conv2",
            "Conv2D",
            (14, 14, 64),
            36928,
            14475776,
            14,
            ("conv2/kernel", "conv2/bias"),
        ),
        Layer("max_pooling2d_1", "MaxPooling2D", (7, 7, 64), 0, 12544, 21),
        Layer("flatten", "Flatten", (3136,), 0, 0, 21),
        Layer(
            "hidden",
            "Dense",
            (64,),
            200768,
            401536,
            15,
            ("hidden/kernel", "hidden/bias"),
        ),
        Layer(
            "classes",
            "Dense",
            (10,),
            650,
            1290,
            16,
            ("classes/kernel", "classes/bias"),
        ),
    ),
    trainable=238992,
    size=238992,
    slots={"momentum": 0.0},
    optimizer=SGD(learning_rate=0.01, momentum=0.9),
    totals=4,
    feeds=("image", "digit_target", "digit_sample_weight"),
)


class Student(Model):
    """Digits through two convolutions and one hidden layer, or two more."""

    spec = SPEC
    programs = Programs(
        train=(
            Steps(gradients, 236253, 238208, 46680816),
            Steps(update, 236253, 238208, 0),
        ),
        gradient=(Steps(gradients, 236253, 238208, 46680816),),
        evaluate=(Steps(evaluate, 79272, 0, 15945150),),
        predict=(Steps(predict, 79268, 0, 15945062),),
        few=(Steps(predict_few, 79268, 0, 15945062),),
    )


SOURCE_NAME = "28_wider_deeper.k"
SOURCE_MAP = {
    "compute_conv1": (17,),
    "compute_max_pooling2d": (17,),
    "compute_conv2": (17,),
    "compute_max_pooling2d_1": (21,),
    "compute_hidden": (21,),
    "compute_classes_add": (25,),
    "gradient_of_classes_add": (25, 28, 29),
    "compute_figures": (17, 28, 29),
    "gradient_of_classes_bias": (25,),
    "transpose_classes_kernel": (25,),
    "gradient_of_hidden_add": (21, 25),
    "gradient_of_classes_kernel": (25,),
    "gradient_of_hidden_bias": (21,),
    "transpose_hidden_kernel": (21,),
    "gradient_of_flatten_dot": (21,),
    "gradient_of_hidden_kernel": (21,),
    "gradient_of_max_pooling2d_1_pool_where": (21,),
    "gradient_of_conv2": (21,),
    "gradient_of_conv2_add": (17,),
    "gradient_of_conv2_bias_sum": (17,),
    "gradient_of_conv1_bias_sum_1": (17,),
    "gradient_of_conv2_turn": (17,),
    "gradient_of_conv2_kernel_parts": (17,),
    "gradient_of_conv2_kernel": (17,),
    "gradient_of_max_pooling2d_conv": (17,),
    "gradient_of_max_pooling2d_pool_where": (17,),
    "gradient_of_conv1": (17,),
    "gradient_of_conv1_add": (17,),
    "gradient_of_conv1_bias_sum": (17,),
    "gradient_of_conv1_kernel_parts": (17,),
    "gradient_of_conv1_kernel": (17,),
    "update_weights": (),
    "compute_hidden_2": (21,),
    "compute_accuracy_min_1": (25, 28, 29),
    "compute_classes": (25,),
    "compute_hidden_few": (21,),
}
SOURCE = """\
# Wider and deeper from a teacher: the same source builds the teacher, a wider student
# (-D filters=128 -D units=128) and a deeper one (-D deeper=True). wider_deeper.py carries the
# trained weights over by path and slice, so that the student starts where the teacher ended.

param size = 28
param filters = 64
param units = 64
param deeper = False

model Student:
    \"\"\"Digits through two convolutions and one hidden layer, or two more.\"\"\"
    input image: float32[size, size, 1]
    conv1 = Conv2D(filters, 3, padding="same", activation="relu")
    conv2 = Conv2D(64, 3, padding="same", activation="relu")
    hidden = Dense(units, activation="relu")
    classes = Dense(10, activation="softmax")
    x = image |> conv1 |> MaxPooling2D(2) |> conv2
    if deeper:
        conv2_deeper = Conv2D(64, 3, padding="same", activation="relu")
        x = x |> conv2_deeper
    x = x |> MaxPooling2D(2) |> Flatten() |> hidden
    if deeper:
        hidden_deeper = Dense(units, activation="relu")
        x = x |> hidden_deeper
    output digit = classes(x)
    train:
        optimizer = SGD(learning_rate=0.01, momentum=0.9)
        loss = "categorical_crossentropy"
        metrics = ["accuracy"]
"""
