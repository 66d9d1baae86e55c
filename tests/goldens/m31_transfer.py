"""Transfer, as native code.

Built by kgen 0.1.0 from 31_transfer.k; edit that, not this.

layer                   kind          output               weights  line
features/conv2d         Conv2D        (batch, 26, 26, 32)      320    15
features/conv2d_1       Conv2D        (batch, 24, 24, 32)    9,248    16
features/max_pooling2d  MaxPooling2D  (batch, 12, 12, 32)        0    17
features/dropout        Dropout       (batch, 12, 12, 32)        0    18
features/flatten        Flatten       (batch, 4608)              0    19
hidden                  Dense         (batch, 128)         589,952    23
dropout_1               Dropout       (batch, 128)               0    25
classes                 Dense         (batch, 5)               645    24
total                   Transfer                           600,165
"""

import numpy as np
from kgen.runtime.kernels import kernel, sync
from kgen.runtime.memory import Programs, Steps, rows_for, vectors_for
from kgen.runtime.model import Model
from kgen.runtime.optimizers import Adadelta
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
    random_key,
    row_max,
    row_min,
    row_sum,
    select,
    share,
    share_block,
    sqrt,
    square,
    store,
    store_column,
    store_rows,
    transpose_block,
    uniform,
    zeros,
)

VECTORS_5 = vectors_for(5)
VECTORS_32 = vectors_for(32)
ROWS_3_BY_2 = rows_for(3, 2)
ROWS_24_BY_2 = rows_for(24, 2)
ROWS_26_BY_2 = rows_for(26, 2)
ROWS_96_BY_2 = rows_for(96, 2)

WEIGHTS = (
    Weight("features/conv2d/kernel", (3, 3, 1, 32), 0, "GlorotUniform", {"seed": None}),
    Weight("features/conv2d/bias", (32,), 288, "Zeros", {}),
    Weight(
        "features/conv2d_1/kernel",
        (3, 3, 32, 32),
        320,
        "GlorotUniform",
        {"seed": None},
    ),
    Weight("features/conv2d_1/bias", (32,), 9536, "Zeros", {}),
    Weight("hidden/kernel", (4608, 128), 9568, "GlorotUniform", {"seed": None}),
    Weight("hidden/bias", (128,), 599392, "Zeros", {}),
    Weight("classes/kernel", (128, 5), 599520, "GlorotUniform", {"seed": None}),
    Weight("classes/bias", (5,), 600160, "Zeros", {}),
)


@kernel
def compute_features_conv2d(thread, threads, batch, clock, args):
    """Line 25 of the model. 432,640 FLOPs a row."""
    features_conv2d_kernel = matrix(args, 0, 9, 32)
    image = matrix(args, 1, batch * 784, 1)
    features_conv2d_bias = matrix(args, 2, 1, 32)
    features_conv2d = matrix(args, 3, batch * 676, 32)
    first, last = share(batch, ROWS, thread, threads)
    for n in range(first, last):
        for j in range(0, 32, 2 * LANES):
            panel = pack(features_conv2d_kernel, 0, j, 9, 2)
            for oy in range(26):
                for tile in range(0, 26, ROWS_26_BY_2):
                    ox = min(tile, 26 - ROWS_26_BY_2)
                    i = (n * 26 + oy) * 26 + ox
                    acc = zeros(ROWS_26_BY_2, 2)
                    for ty in range(3):
                        row = (n * 28 + oy + ty) * 28 + ox
                        kk = ty * 3
                        for k in range(3):
                            acc = outer(acc, image, row, k, panel, kk + k, 0)
                    features_conv2d_add = acc + load(features_conv2d_bias, 0, j, 1, 2)
                    store(features_conv2d, i, j, maximum(features_conv2d_add, 0.0))


@kernel
def compute_features_conv2d_1(thread, threads, batch, clock, args):
    """Line 25 of the model. 10,653,696 FLOPs a row."""
    features_conv2d_1_kernel = matrix(args, 0, 288, 32)
    features_conv2d = matrix(args, 1, batch * 676, 32)
    features_conv2d_1_bias = matrix(args, 2, 1, 32)
    features_conv2d_1 = matrix(args, 3, batch * 576, 32)
    first, last = share(batch, ROWS, thread, threads)
    for n in range(first, last):
        for j in range(0, 32, 2 * LANES):
            panel = pack(features_conv2d_1_kernel, 0, j, 288, 2)
            for oy in range(24):
                for tile in range(0, 24, ROWS_24_BY_2):
                    ox = min(tile, 24 - ROWS_24_BY_2)
                    i = (n * 24 + oy) * 24 + ox
                    acc = zeros(ROWS_24_BY_2, 2)
                    for ty in range(3):
                        row = (n * 26 + oy + ty) * 26 + ox
                        kk = ty * 96
                        for k in range(96):
                            acc = outer(acc, features_conv2d, row, k, panel, kk + k, 0)
                    features_conv2d_1_bias_tile = load(
                        features_conv2d_1_bias, 0, j, 1, 2
                    )
                    features_conv2d_1_add = acc + features_conv2d_1_bias_tile
                    store(features_conv2d_1, i, j, maximum(features_conv2d_1_add, 0.0))


@kernel
def compute_features_dropout(thread, threads, batch, clock, args):
    """Line 25 of the model. 23,040 FLOPs a row."""
    features_conv2d_1 = matrix(args, 0, batch * 576, 32)
    features_dropout = matrix(args, 1, batch * 144, 32)
    key = random_key(clock, 0)
    first, last = share(batch, ROWS, thread, threads)
    for n in range(first, last):
        for oy in range(12):
            for ox in range(12):
                i = (n * 12 + oy) * 12 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 32, 2 * LANES):
                    acc = full(1, 2, -np.inf)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            acc = maximum(
                                acc,
                                load(
                                    features_conv2d_1, (n * 24 + iy) * 24 + ix, j, 1, 2
                                ),
                            )
                    random_uniform = uniform(key[0], key[1], i, j, 32, 1, 2)
                    features_dropout_greater_equal = random_uniform >= 0.25
                    features_dropout_multiply = acc * 1.3333334
                    features_dropout_tile = select(
                        features_dropout_greater_equal, features_dropout_multiply, 0.0
                    )
                    store(features_dropout, i, j, features_dropout_tile)


@kernel
def compute_dropout_1(thread, threads, batch, clock, args):
    """Line 25 of the model. 1,180,032 FLOPs a row."""
    features_dropout = matrix(args, 0, batch, 4608)
    hidden_kernel = matrix(args, 1, 4608, 128)
    hidden_bias = matrix(args, 2, 1, 128)
    dropout_1 = matrix(args, 3, batch, 128)
    key = random_key(clock, 1)
    first, last = share(batch, ROWS, thread, threads)
    for top in range(first, last, 64):
        bottom = min(top + 64, last)
        for start in range(0, 4608, 128):
            stop = min(start + 128, 4608)
            for j in range(0, 128, 4 * LANES):
                for i in range(top, bottom, HALF_ROWS):
                    acc = zeros(HALF_ROWS, 4)
                    if start > 0:
                        acc = load(dropout_1, i, j, HALF_ROWS, 4)
                    for k in range(start, stop):
                        acc = outer(acc, features_dropout, i, k, hidden_kernel, k, j)
                    if stop < 4608:
                        store(dropout_1, i, j, acc)
                        continue
                    hidden = maximum(acc + load(hidden_bias, 0, j, 1, 4), 0.0)
                    random_uniform_1 = uniform(key[0], key[1], i, j, 128, HALF_ROWS, 4)
                    dropout_1_greater_equal = random_uniform_1 >= 0.5
                    dropout_1_tile = select(dropout_1_greater_equal, hidden * 2.0, 0.0)
                    store(dropout_1, i, j, dropout_1_tile)


@kernel
def compute_classes_add(thread, threads, batch, clock, args):
    """Line 25 of the model. 1,285 FLOPs a row."""
    dropout_1 = matrix(args, 0, batch, 128)
    classes_kernel = matrix(args, 1, 128, 5)
    classes_bias = matrix(args, 2, 1, 5)
    classes_add = matrix(args, 3, batch, 5)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 5, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(128):
                acc = outer(acc, dropout_1, i, k, classes_kernel, k, j)
            store(classes_add, i, j, acc + load(classes_bias, 0, j, 1, 1))


@kernel
def gradient_of_classes_add(thread, threads, batch, clock, args):
    """Lines 25, 28, 29. 181 FLOPs a row."""
    classes_add = matrix(args, 0, batch, 5)
    digit_target = matrix(args, 1, batch, 5)
    digit_sample_weight = matrix(args, 2, batch, 1)
    digit_loss_multiply_2 = matrix(args, 3, batch, 1)
    accuracy_min = matrix(args, 4, batch, 1)
    accuracy_min_1 = matrix(args, 5, batch, 1)
    d_classes_add = matrix(args, 6, batch, 5)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last, 2):
        classes_add_tile = load(classes_add, i, 0, 2, VECTORS_5)
        classes_max = row_max(keep_columns(classes_add_tile, 0, 5, -np.inf))
        classes_subtract = classes_add_tile - classes_max
        classes_exp = exp(classes_subtract)
        classes_sum = row_sum(keep_columns(classes_exp, 0, 5, 0.0))
        classes = classes_exp / classes_sum
        digit_loss_log_softmax = classes_subtract - log(classes_sum)
        digit_target_tile = load(digit_target, i, 0, 2, VECTORS_5)
        digit_loss_multiply = digit_target_tile * digit_loss_log_softmax
        digit_loss_sum_1 = row_sum(keep_columns(digit_loss_multiply, 0, 5, 0.0))
        digit_loss_negative = -digit_loss_sum_1
        digit_sample_weight_tile = load_column(digit_sample_weight, i, 2)
        digit_loss_multiply_2_tile = digit_loss_negative * digit_sample_weight_tile
        store_column(digit_loss_multiply_2, i, digit_loss_multiply_2_tile)
        accuracy_max = row_max(keep_columns(digit_target_tile, 0, 5, -np.inf))
        accuracy_equal = digit_target_tile == accuracy_max
        index = lane_index(0, VECTORS_5)
        accuracy_where = select(accuracy_equal, index, 5.0)
        accuracy_min_tile = row_min(keep_columns(accuracy_where, 0, 5, np.inf))
        store_column(accuracy_min, i, accuracy_min_tile)
        accuracy_max_1 = row_max(keep_columns(classes, 0, 5, -np.inf))
        accuracy_where_1 = select(classes == accuracy_max_1, index, 5.0)
        accuracy_min_1_tile = row_min(keep_columns(accuracy_where_1, 0, 5, np.inf))
        store_column(accuracy_min_1, i, accuracy_min_1_tile)
        d_digit_loss_sum_2 = 1.0 / full(1, 1, batch)
        d_digit_loss_negative_1 = d_digit_loss_sum_2 * digit_sample_weight_tile
        negative = -d_digit_loss_negative_1
        d_digit_loss_log_softmax = negative * digit_target_tile
        d_digit_loss_sum_1_1 = row_sum(
            keep_columns(d_digit_loss_log_softmax, 0, 5, 0.0)
        )
        d_digit_loss_multiply_8 = classes * d_digit_loss_sum_1_1
        d_classes_add_tile = d_digit_loss_log_softmax - d_digit_loss_multiply_8
        store(d_classes_add, i, 0, d_classes_add_tile)


@kernel
def compute_copy_1(thread, threads, batch, clock, args):
    """Lines 25, 28, 29. 2 FLOPs a row, 7 FLOPs."""
    digit_loss_multiply_2 = matrix(args, 0, batch, 1)
    accuracy_min = matrix(args, 1, batch, 1)
    accuracy_min_1 = matrix(args, 2, batch, 1)
    multiply = matrix(args, 3, 1, 1)
    accuracy_sum = matrix(args, 4, 1, 1)
    copy = matrix(args, 5, 1, 1)
    copy_1 = matrix(args, 6, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        total_ = full(1, 1, 0.0)
        total__2 = full(1, 1, 0.0)
        for i in range(batch):
            total_ = total_ + load(digit_loss_multiply_2, i, j, 1, 1)
            accuracy_min_tile = load(accuracy_min, i, j, 1, 1)
            accuracy_min_1_tile = load(accuracy_min_1, i, j, 1, 1)
            accuracy_equal_2 = accuracy_min_tile == accuracy_min_1_tile
            total__2 = total__2 + select(accuracy_equal_2, 1.0, 0.0)
        digit_loss = total_ / full(1, 1, batch)
        batch_size = full(1, 1, batch)
        store(multiply, 0, j, digit_loss * batch_size)
        store(accuracy_sum, 0, j, total__2)
        store(copy, 0, j, batch_size)
        store(copy_1, 0, j, full(1, 1, batch))


@kernel
def gradient_of_classes_bias(thread, threads, batch, clock, args):
    """Line 25 of the model. 5 FLOPs a row."""
    d_classes_add = matrix(args, 0, batch, 5)
    d_classes_bias = matrix(args, 1, 1, 5)
    first, last = share(5, LANES, thread, threads)
    for j in range(first, last, LANES):
        total_ = full(1, 1, 0.0)
        for i in range(batch):
            total_ = total_ + load(d_classes_add, i, j, 1, 1)
        store(d_classes_bias, 0, j, total_)


@kernel
def transpose_classes_kernel(thread, threads, batch, clock, args):
    """Line 25 of the model."""
    classes_kernel = matrix(args, 0, 128, 5)
    d_dropout_1_transpose = matrix(args, 1, 5, 128)
    first, last = share(128, LANES, thread, threads)
    for i in range(first, last, LANES):
        for j in range(0, 5, LANES):
            transpose_block(classes_kernel, i, j, d_dropout_1_transpose)


@kernel
def gradient_of_hidden_add(thread, threads, batch, clock, args):
    """Line 25 of the model. 1,408 FLOPs a row."""
    d_classes_add = matrix(args, 0, batch, 5)
    d_dropout_1_transpose = matrix(args, 1, 5, 128)
    dropout_1 = matrix(args, 2, batch, 128)
    d_hidden_add = matrix(args, 3, batch, 128)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 128, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(5):
                acc = outer(acc, d_classes_add, i, k, d_dropout_1_transpose, k, j)
            kept = load(dropout_1, i, j, ROWS, 2) > 0.0
            store(d_hidden_add, i, j, select(kept, acc * 2.0, 0.0))


@kernel
def gradient_of_classes_kernel(thread, threads, batch, clock, args):
    """Line 25 of the model. 1,280 FLOPs a row."""
    dropout_1 = matrix(args, 0, batch, 128)
    d_classes_add = matrix(args, 1, batch, 5)
    d_classes_kernel = matrix(args, 2, 128, 5)
    first, last = share(128, ROWS, thread, threads)
    for j in range(0, 5, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(batch):
                acc = outer_t(acc, dropout_1, k, i, d_classes_add, k, j)
            store(d_classes_kernel, i, j, acc)


@kernel
def gradient_of_hidden_bias(thread, threads, batch, clock, args):
    """Line 25 of the model. 128 FLOPs a row."""
    d_hidden_add = matrix(args, 0, batch, 128)
    d_hidden_bias = matrix(args, 1, 1, 128)
    first, last = share(128, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        total_ = full(1, 4, 0.0)
        for i in range(batch):
            total_ = total_ + load(d_hidden_add, i, j, 1, 4)
        store(d_hidden_bias, 0, j, total_)


@kernel
def transpose_hidden_kernel(thread, threads, batch, clock, args):
    """Line 25 of the model."""
    hidden_kernel = matrix(args, 0, 4608, 128)
    d_features_flatten_transpose = matrix(args, 1, 128, 4608)
    first, last = share(4608, LANES, thread, threads)
    for i in range(first, last, LANES):
        for j in range(0, 128, LANES):
            transpose_block(hidden_kernel, i, j, d_features_flatten_transpose)


@kernel
def gradient_of_features_flatten_dot(thread, threads, batch, clock, args):
    """Line 25 of the model. 1,179,648 FLOPs a row."""
    d_hidden_add = matrix(args, 0, batch, 128)
    d_features_flatten_transpose = matrix(args, 1, 128, 4608)
    d_features_flatten_dot = matrix(args, 2, batch, 4608)
    first, last = share(batch, ROWS, thread, threads)
    for j in range(0, 4608, 4 * LANES):
        panel = pack(d_features_flatten_transpose, 0, j, 128, 4)
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(128):
                acc = outer(acc, d_hidden_add, i, k, panel, k, 0)
            store(d_features_flatten_dot, i, j, acc)


@kernel
def gradient_of_hidden_kernel(thread, threads, batch, clock, args):
    """Line 25 of the model. 1,179,648 FLOPs a row."""
    features_dropout = matrix(args, 0, batch, 4608)
    d_hidden_add = matrix(args, 1, batch, 128)
    d_hidden_kernel = matrix(args, 2, 4608, 128)
    first, last = share(4608, ROWS, thread, threads)
    for start in range(0, batch, 128):
        count = min(128, batch - start)
        for j in range(0, 128, 4 * LANES):
            panel = pack(d_hidden_add, start, j, 128, 4, count)
            for i in range(first, last, HALF_ROWS):
                acc = zeros(HALF_ROWS, 4)
                if start > 0:
                    acc = load(d_hidden_kernel, i, j, HALF_ROWS, 4)
                for k in range(count):
                    acc = outer_t(acc, features_dropout, start + k, i, panel, k, 0)
                store(d_hidden_kernel, i, j, acc)


@kernel
def gradient_of_features_max_pooling2d(thread, threads, batch, clock, args):
    """Line 25 of the model. 9,216 FLOPs a row."""
    d_features_flatten_dot = matrix(args, 0, batch * 144, 32)
    d_features_max_pooling2d = matrix(args, 1, batch * 144, 32)
    key = random_key(clock, 0)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first * 144, last * 144, 2):
        random_uniform = uniform(key[0], key[1], i, 0, 32, 2, VECTORS_32)
        features_dropout_greater_equal = random_uniform >= 0.25
        d_features_flatten_dot_tile = load(d_features_flatten_dot, i, 0, 2, VECTORS_32)
        d_features_dropout_multiply = select(
            features_dropout_greater_equal, d_features_flatten_dot_tile, 0.0
        )
        d_features_max_pooling2d_tile = d_features_dropout_multiply * 1.3333334
        store(d_features_max_pooling2d, i, 0, d_features_max_pooling2d_tile)


@kernel
def gradient_of_features_max_pooling2d_pool_where(thread, threads, batch, clock, args):
    """Line 25 of the model."""
    features_conv2d_1 = matrix(args, 0, batch * 576, 32)
    d_features_max_pooling2d_pool_where = matrix(args, 1, batch * 144, 32)
    first, last = share(batch, ROWS, thread, threads)
    for n in range(first, last):
        for oy in range(12):
            for ox in range(12):
                i = (n * 12 + oy) * 12 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 32, 2 * LANES):
                    best = full(1, 2, -np.inf)
                    acc = full(1, 2, 0)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            part = load(
                                features_conv2d_1, (n * 24 + iy) * 24 + ix, j, 1, 2
                            )
                            found = part > best
                            acc = select(
                                found, (iy - iy_first) * 2 + (ix - ix_first), acc
                            )
                            best = select(found, part, best)
                    store(d_features_max_pooling2d_pool_where, i, j, acc)


@kernel
def gradient_of_features_conv2d_1(thread, threads, batch, clock, args):
    """Line 25 of the model."""
    d_features_max_pooling2d = matrix(args, 0, batch * 144, 32)
    d_features_max_pooling2d_pool_where = matrix(args, 1, batch * 144, 32)
    d_features_conv2d_1 = matrix(args, 2, batch * 576, 32)
    first, last = share(batch, ROWS, thread, threads)
    for n in range(first, last):
        for oy in range(12):
            for ox in range(12):
                i = (n * 12 + oy) * 12 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 32, 2 * LANES):
                    best = load(d_features_max_pooling2d, i, j, 1, 2)
                    found = load(d_features_max_pooling2d_pool_where, i, j, 1, 2)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            store(
                                d_features_conv2d_1,
                                (n * 24 + iy) * 24 + ix,
                                j,
                                select(
                                    found == (iy - iy_first) * 2 + (ix - ix_first),
                                    best,
                                    0.0,
                                ),
                            )


@kernel
def gradient_of_features_conv2d_1_add(thread, threads, batch, clock, args):
    """Line 25 of the model. 18,432 FLOPs a row."""
    features_conv2d_1 = matrix(args, 0, batch * 576, 32)
    d_features_conv2d_1 = matrix(args, 1, batch * 576, 32)
    d_features_conv2d_1_add = matrix(args, 2, batch * 576, 32)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first * 576, last * 576, 2):
        features_conv2d_1_tile = load(features_conv2d_1, i, 0, 2, VECTORS_32)
        d_features_conv2d_1_greater = features_conv2d_1_tile > 0.0
        d_features_conv2d_1_tile = load(d_features_conv2d_1, i, 0, 2, VECTORS_32)
        d_features_conv2d_1_add_tile = select(
            d_features_conv2d_1_greater, d_features_conv2d_1_tile, 0.0
        )
        store(d_features_conv2d_1_add, i, 0, d_features_conv2d_1_add_tile)


@kernel
def gradient_of_features_conv2d_1_bias_sum(thread, threads, batch, clock, args):
    """Line 25 of the model. 18,432 FLOPs a row."""
    d_features_conv2d_1_add = matrix(args, 0, batch * 576, 32)
    d_features_conv2d_1_bias_sum = matrix(args, 1, batch, 32)
    first, last = share(batch, ROWS, thread, threads)
    for o in range(first, last):
        for j in range(0, 32, 2 * LANES):
            total_ = full(1, 2, 0.0)
            for i in range(576):
                d_features_conv2d_1_add_tile = load(
                    d_features_conv2d_1_add, o * 576 + i, j, 1, 2
                )
                total_ = total_ + d_features_conv2d_1_add_tile
            store(d_features_conv2d_1_bias_sum, o, j, total_)


@kernel
def gradient_of_features_conv2d_bias_sum_1(thread, threads, batch, clock, args):
    """Line 25 of the model. 64 FLOPs a row."""
    d_features_conv2d_1_bias_sum = matrix(args, 0, batch, 32)
    d_features_conv2d_bias_sum = matrix(args, 1, batch, 32)
    d_features_conv2d_1_bias_sum_1 = matrix(args, 2, 1, 32)
    d_features_conv2d_bias_sum_1 = matrix(args, 3, 1, 32)
    first, last = share(32, 2 * LANES, thread, threads)
    for j in range(first, last, 2 * LANES):
        total_ = full(1, 2, 0.0)
        total__2 = full(1, 2, 0.0)
        for i in range(batch):
            total_ = total_ + load(d_features_conv2d_1_bias_sum, i, j, 1, 2)
            total__2 = total__2 + load(d_features_conv2d_bias_sum, i, j, 1, 2)
        store(d_features_conv2d_1_bias_sum_1, 0, j, total_)
        store(d_features_conv2d_bias_sum_1, 0, j, total__2)


@kernel
def gradient_of_features_conv2d_1_turn(thread, threads, batch, clock, args):
    """Line 25 of the model."""
    features_conv2d_1_kernel = matrix(args, 0, 288, 32)
    d_features_conv2d_1_turn = matrix(args, 1, 288, 32)
    first, last = share(288, LANES, thread, threads)
    for i in range(first, last, LANES):
        row = (8 - i // 32) * 32
        for j in range(0, 32, LANES):
            transpose_block(
                features_conv2d_1_kernel,
                i,
                j,
                d_features_conv2d_1_turn,
                row + j,
                i % 32,
            )


@kernel
def gradient_of_features_conv2d_pad(thread, threads, batch, clock, args):
    """Line 25 of the model."""
    d_features_conv2d_pad = matrix(args, 0, batch * 784, 32)
    d_features_conv2d_1_add = matrix(args, 1, batch * 576, 32)
    first, last = share(batch, ROWS, thread, threads)
    for n in range(first, last):
        for p in range(28):
            place = (n * 28 + p) * 896
            if p >= 2 and p <= 25:
                fill_words(d_features_conv2d_pad, place, 64, 0.0)
                copy_words(
                    d_features_conv2d_pad,
                    place + 64,
                    d_features_conv2d_1_add,
                    (n * 24 + p - 2) * 768,
                    768,
                )
                fill_words(d_features_conv2d_pad, place + 64 + 768, 64, 0.0)
            else:
                fill_words(d_features_conv2d_pad, place, 896, 0.0)


@kernel
def gradient_of_features_conv2d_add(thread, threads, batch, clock, args):
    """Line 25 of the model. 12,481,664 FLOPs a row."""
    d_features_conv2d_1_turn = matrix(args, 0, 288, 32)
    d_features_conv2d_pad = matrix(args, 1, batch * 784, 32)
    features_conv2d = matrix(args, 2, batch * 676, 32)
    d_features_conv2d_add = matrix(args, 3, batch * 676, 32)
    first, last = share(batch, ROWS, thread, threads)
    for n in range(first, last):
        for j in range(0, 32, 2 * LANES):
            panel = pack(d_features_conv2d_1_turn, 0, j, 288, 2)
            for oy in range(26):
                for tile in range(0, 26, ROWS_26_BY_2):
                    ox = min(tile, 26 - ROWS_26_BY_2)
                    i = (n * 26 + oy) * 26 + ox
                    acc = zeros(ROWS_26_BY_2, 2)
                    for ty in range(3):
                        row = (n * 28 + oy + ty) * 28 + ox
                        kk = ty * 96
                        for k in range(96):
                            acc = outer(
                                acc, d_features_conv2d_pad, row, k, panel, kk + k, 0
                            )
                    features_conv2d_tile = load(features_conv2d, i, j, ROWS_26_BY_2, 2)
                    d_features_conv2d_greater = features_conv2d_tile > 0.0
                    d_features_conv2d_add_tile = select(
                        d_features_conv2d_greater, acc, 0.0
                    )
                    store(d_features_conv2d_add, i, j, d_features_conv2d_add_tile)


@kernel
def gradient_of_features_conv2d_1_kernel(thread, threads, batch, clock, args):
    """Line 25 of the model. 10,616,832 FLOPs a row."""
    features_conv2d = matrix(args, 0, batch * 676, 32)
    d_features_conv2d_1_add = matrix(args, 1, batch * 576, 32)
    d_features_conv2d_1_kernel = matrix(args, 2, 288, 32)
    first, last = share(3 * -(-96 // ROWS_96_BY_2), 1, thread, threads)
    for start in range(0, batch * 24, 5):
        count = min(5, batch * 24 - start)
        for j in range(0, 32, 2 * LANES):
            panel = pack(d_features_conv2d_1_add, start * 24, j, 120, 2, count * 24)
            for t in range(first, last):
                tap = t // (-(-96 // ROWS_96_BY_2))
                m = t % (-(-96 // ROWS_96_BY_2)) * ROWS_96_BY_2
                ty = tap
                acc = zeros(ROWS_96_BY_2, 2)
                for q in range(start, start + count):
                    n = q // 24
                    oy = q % 24
                    row = (n * 26 + oy + ty) * 26
                    for ox in range(24):
                        acc = outer_t(
                            acc,
                            features_conv2d,
                            row + ox,
                            m,
                            panel,
                            (q - start) * 24 + ox,
                            0,
                        )
                if start > 0:
                    acc = acc + load(
                        d_features_conv2d_1_kernel, tap * 96 + m, j, ROWS_96_BY_2, 2
                    )
                store_rows(d_features_conv2d_1_kernel, tap * 96 + m, j, acc, 96 - m)


@kernel
def gradient_of_features_conv2d_bias_sum(thread, threads, batch, clock, args):
    """Line 25 of the model. 21,632 FLOPs a row."""
    d_features_conv2d_add = matrix(args, 0, batch * 676, 32)
    d_features_conv2d_bias_sum = matrix(args, 1, batch, 32)
    first, last = share(batch, ROWS, thread, threads)
    for o in range(first, last):
        for j in range(0, 32, 2 * LANES):
            total_ = full(1, 2, 0.0)
            for i in range(676):
                total_ = total_ + load(d_features_conv2d_add, o * 676 + i, j, 1, 2)
            store(d_features_conv2d_bias_sum, o, j, total_)


@kernel
def gradient_of_features_conv2d_kernel(thread, threads, batch, clock, args):
    """Line 25 of the model. 389,376 FLOPs a row."""
    image = matrix(args, 0, batch * 784, 1)
    d_features_conv2d_add = matrix(args, 1, batch * 676, 32)
    d_features_conv2d_kernel = matrix(args, 2, 9, 32)
    first, last = share(3 * -(-3 // ROWS_3_BY_2), 1, thread, threads)
    for start in range(0, batch * 26, 4):
        count = min(4, batch * 26 - start)
        for j in range(0, 32, 2 * LANES):
            panel = pack(d_features_conv2d_add, start * 26, j, 104, 2, count * 26)
            for t in range(first, last):
                tap = t // (-(-3 // ROWS_3_BY_2))
                m = t % (-(-3 // ROWS_3_BY_2)) * ROWS_3_BY_2
                ty = tap
                acc = zeros(ROWS_3_BY_2, 2)
                for q in range(start, start + count):
                    n = q // 26
                    oy = q % 26
                    row = (n * 28 + oy + ty) * 28
                    for ox in range(26):
                        acc = outer_t(
                            acc, image, row + ox, m, panel, (q - start) * 26 + ox, 0
                        )
                if start > 0:
                    acc = acc + load(
                        d_features_conv2d_kernel, tap * 3 + m, j, ROWS_3_BY_2, 2
                    )
                store_rows(d_features_conv2d_kernel, tap * 3 + m, j, acc, 3 - m)


@kernel
def compute_subtract(thread, threads, batch, clock, args):
    """All weights at once. 13,203,872 FLOPs."""
    accumulated_grad = matrix(args, 0, 1, 600176)
    gradients = matrix(args, 1, 1, 600176)
    accumulated_delta_var = matrix(args, 2, 1, 600176)
    weights = matrix(args, 3, 1, 600176)
    learning_rate = matrix(args, 4, 1, 1)
    first, last = share(600176, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        gradients_tile = load(gradients, 0, j, 1, 4)
        multiply_1 = 0.05 * square(gradients_tile)
        add_tile = (0.95 * load(accumulated_grad, 0, j, 1, 4)) + multiply_1
        store(accumulated_grad, 0, j, add_tile)
        accumulated_delta_var_tile = load(accumulated_delta_var, 0, j, 1, 4)
        sqrt_ = sqrt(accumulated_delta_var_tile + 1e-07)
        divide = (sqrt_ * gradients_tile) / sqrt(add_tile + 1e-07)
        multiply_4 = 0.05 * square(divide)
        add_3_tile = (0.95 * accumulated_delta_var_tile) + multiply_4
        store(accumulated_delta_var, 0, j, add_3_tile)
        learning_rate_2 = load_scalar(learning_rate, 0, 0)
        multiply_5 = learning_rate_2 * divide
        store(weights, 0, j, load(weights, 0, j, 1, 4) - multiply_5)


@kernel
def compute_features_max_pooling2d(thread, threads, batch, clock, args):
    """Line 25 of the model. 18,432 FLOPs a row."""
    features_conv2d_1 = matrix(args, 0, batch * 576, 32)
    features_max_pooling2d = matrix(args, 1, batch * 144, 32)
    first, last = share(batch, ROWS, thread, threads)
    for n in range(first, last):
        for oy in range(12):
            for ox in range(12):
                i = (n * 12 + oy) * 12 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 32, 2 * LANES):
                    acc = full(1, 2, -np.inf)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            acc = maximum(
                                acc,
                                load(
                                    features_conv2d_1, (n * 24 + iy) * 24 + ix, j, 1, 2
                                ),
                            )
                    store(features_max_pooling2d, i, j, acc)


@kernel
def compute_hidden(thread, threads, batch, clock, args):
    """Line 25 of the model. 1,179,904 FLOPs a row."""
    features_max_pooling2d = matrix(args, 0, batch, 4608)
    hidden_kernel = matrix(args, 1, 4608, 128)
    hidden_bias = matrix(args, 2, 1, 128)
    hidden = matrix(args, 3, batch, 128)
    first, last = share(batch, ROWS, thread, threads)
    for top in range(first, last, 64):
        bottom = min(top + 64, last)
        for start in range(0, 4608, 128):
            stop = min(start + 128, 4608)
            for j in range(0, 128, 4 * LANES):
                for i in range(top, bottom, HALF_ROWS):
                    acc = zeros(HALF_ROWS, 4)
                    if start > 0:
                        acc = load(hidden, i, j, HALF_ROWS, 4)
                    for k in range(start, stop):
                        acc = outer(
                            acc, features_max_pooling2d, i, k, hidden_kernel, k, j
                        )
                    if stop < 4608:
                        store(hidden, i, j, acc)
                        continue
                    hidden_tile = maximum(acc + load(hidden_bias, 0, j, 1, 4), 0.0)
                    store(hidden, i, j, hidden_tile)


@kernel
def compute_accuracy_min_1(thread, threads, batch, clock, args):
    """Lines 25, 28, 29. 161 FLOPs a row."""
    classes_add = matrix(args, 0, batch, 5)
    digit_target = matrix(args, 1, batch, 5)
    digit_sample_weight = matrix(args, 2, batch, 1)
    digit_loss_multiply_2 = matrix(args, 3, batch, 1)
    accuracy_min = matrix(args, 4, batch, 1)
    accuracy_min_1 = matrix(args, 5, batch, 1)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last, 2):
        classes_add_tile = load(classes_add, i, 0, 2, VECTORS_5)
        classes_max = row_max(keep_columns(classes_add_tile, 0, 5, -np.inf))
        classes_subtract = classes_add_tile - classes_max
        classes_exp = exp(classes_subtract)
        classes_sum = row_sum(keep_columns(classes_exp, 0, 5, 0.0))
        classes = classes_exp / classes_sum
        digit_loss_log_softmax = classes_subtract - log(classes_sum)
        digit_target_tile = load(digit_target, i, 0, 2, VECTORS_5)
        digit_loss_multiply = digit_target_tile * digit_loss_log_softmax
        digit_loss_sum_1 = row_sum(keep_columns(digit_loss_multiply, 0, 5, 0.0))
        digit_loss_negative = -digit_loss_sum_1
        digit_sample_weight_tile = load_column(digit_sample_weight, i, 2)
        digit_loss_multiply_2_tile = digit_loss_negative * digit_sample_weight_tile
        store_column(digit_loss_multiply_2, i, digit_loss_multiply_2_tile)
        accuracy_max = row_max(keep_columns(digit_target_tile, 0, 5, -np.inf))
        accuracy_equal = digit_target_tile == accuracy_max
        index = lane_index(0, VECTORS_5)
        accuracy_where = select(accuracy_equal, index, 5.0)
        accuracy_min_tile = row_min(keep_columns(accuracy_where, 0, 5, np.inf))
        store_column(accuracy_min, i, accuracy_min_tile)
        accuracy_max_1 = row_max(keep_columns(classes, 0, 5, -np.inf))
        accuracy_where_1 = select(classes == accuracy_max_1, index, 5.0)
        accuracy_min_1_tile = row_min(keep_columns(accuracy_where_1, 0, 5, np.inf))
        store_column(accuracy_min_1, i, accuracy_min_1_tile)


@kernel
def compute_classes(thread, threads, batch, clock, args):
    """Line 25 of the model. 110 FLOPs a row."""
    classes_add = matrix(args, 0, batch, 5)
    classes = matrix(args, 1, batch, 5)
    first, last = share(batch, ROWS, thread, threads)
    for i in range(first, last, 2):
        classes_add_tile = load(classes_add, i, 0, 2, VECTORS_5)
        classes_max = row_max(keep_columns(classes_add_tile, 0, 5, -np.inf))
        classes_exp = exp(classes_add_tile - classes_max)
        classes_sum = row_sum(keep_columns(classes_exp, 0, 5, 0.0))
        store(classes, i, 0, classes_exp / classes_sum)


@kernel
def compute_hidden_2(thread, threads, batch, clock, args):
    """Line 25 of the model. 1,179,904 FLOPs a row."""
    features_max_pooling2d = matrix(args, 0, batch, 4608)
    hidden_kernel = matrix(args, 1, 4608, 128)
    hidden_bias = matrix(args, 2, 1, 128)
    hidden = matrix(args, 3, batch, 128)
    first, last, left, right = share_block(clock, batch, 128, thread, threads)
    for j in range(left, right, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(4608):
                acc = outer(acc, features_max_pooling2d, i, k, hidden_kernel, k, j)
            hidden_tile = maximum(acc + load(hidden_bias, 0, j, 1, 4), 0.0)
            store(hidden, i, j, hidden_tile)


def gradients(m):
    """Forward, loss and backward of one batch of training."""
    image = m.rows(142080, 784)
    features_conv2d = m.rows(25088, 21632)
    features_conv2d_1 = m.rows(68352, 18432)
    features_dropout = m.rows(123648, 4608)
    dropout_1 = m.rows(142864, 128)
    classes_add = m.rows(5, 5)
    digit_target = m.rows(0, 5)
    digit_sample_weight = m.rows(10, 1)
    digit_loss_multiply_2 = m.rows(143189, 1)
    accuracy_min = m.rows(143190, 1)
    accuracy_min_1 = m.rows(143191, 1)
    d_classes_add = m.rows(143184, 5)
    d_features_max_pooling2d_pool_where = m.rows(128256, 4608)
    d_dropout_1_transpose = m.fixed(599040, 640)
    d_features_flatten_transpose = m.fixed(0, 589824)
    d_features_conv2d_1_turn = m.fixed(589824, 9216)
    d_hidden_add = m.rows(142992, 128)
    d_features_flatten_dot = m.rows(132864, 4608)
    d_features_max_pooling2d = m.rows(137472, 4608)
    d_features_conv2d_1 = m.rows(86784, 18432)
    d_features_conv2d_1_add = m.rows(105216, 18432)
    d_features_conv2d_1_bias_sum = m.rows(143120, 32)
    d_features_conv2d_pad = m.rows(0, 25088)
    d_features_conv2d_add = m.rows(46720, 21632)
    d_features_conv2d_bias_sum = m.rows(143152, 32)
    return [
        m.feed("image", image, 784),
        m.feed("digit_target", digit_target, 5),
        m.feed("digit_sample_weight", digit_sample_weight, 1),
        compute_features_conv2d(
            m.weight("features/conv2d/kernel"),
            image,
            m.weight("features/conv2d/bias"),
            features_conv2d,
        ),
        compute_features_conv2d_1(
            m.weight("features/conv2d_1/kernel"),
            features_conv2d,
            m.weight("features/conv2d_1/bias"),
            features_conv2d_1,
        ),
        compute_features_dropout(features_conv2d_1, features_dropout),
        compute_dropout_1(
            features_dropout,
            m.weight("hidden/kernel"),
            m.weight("hidden/bias"),
            dropout_1,
        ),
        compute_classes_add(
            dropout_1,
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
        gradient_of_features_max_pooling2d_pool_where(
            features_conv2d_1,
            d_features_max_pooling2d_pool_where,
        ),
        transpose_classes_kernel(m.weight("classes/kernel"), d_dropout_1_transpose),
        transpose_hidden_kernel(
            m.weight("hidden/kernel"),
            d_features_flatten_transpose,
        ),
        gradient_of_features_conv2d_1_turn(
            m.weight("features/conv2d_1/kernel"),
            d_features_conv2d_1_turn,
        ),
        sync,
        compute_copy_1(
            digit_loss_multiply_2,
            accuracy_min,
            accuracy_min_1,
            m.figure(0),
            m.figure(2),
            m.figure(1),
            m.figure(3),
        ),
        gradient_of_hidden_add(
            d_classes_add,
            d_dropout_1_transpose,
            dropout_1,
            d_hidden_add,
        ),
        gradient_of_features_flatten_dot(
            d_hidden_add,
            d_features_flatten_transpose,
            d_features_flatten_dot,
        ),
        gradient_of_features_max_pooling2d(
            d_features_flatten_dot,
            d_features_max_pooling2d,
        ),
        gradient_of_features_conv2d_1(
            d_features_max_pooling2d,
            d_features_max_pooling2d_pool_where,
            d_features_conv2d_1,
        ),
        gradient_of_features_conv2d_1_add(
            features_conv2d_1,
            d_features_conv2d_1,
            d_features_conv2d_1_add,
        ),
        gradient_of_features_conv2d_1_bias_sum(
            d_features_conv2d_1_add,
            d_features_conv2d_1_bias_sum,
        ),
        gradient_of_features_conv2d_pad(d_features_conv2d_pad, d_features_conv2d_1_add),
        gradient_of_features_conv2d_add(
            d_features_conv2d_1_turn,
            d_features_conv2d_pad,
            features_conv2d,
            d_features_conv2d_add,
        ),
        gradient_of_features_conv2d_bias_sum(
            d_features_conv2d_add,
            d_features_conv2d_bias_sum,
        ),
        gradient_of_classes_bias(d_classes_add, m.gradient("classes/bias")),
        gradient_of_classes_kernel(
            dropout_1,
            d_classes_add,
            m.gradient("classes/kernel"),
        ),
        sync,
        gradient_of_hidden_bias(d_hidden_add, m.gradient("hidden/bias")),
        gradient_of_hidden_kernel(
            features_dropout,
            d_hidden_add,
            m.gradient("hidden/kernel"),
        ),
        gradient_of_features_conv2d_bias_sum_1(
            d_features_conv2d_1_bias_sum,
            d_features_conv2d_bias_sum,
            m.gradient("features/conv2d_1/bias"),
            m.gradient("features/conv2d/bias"),
        ),
        gradient_of_features_conv2d_1_kernel(
            features_conv2d,
            d_features_conv2d_1_add,
            m.gradient("features/conv2d_1/kernel"),
        ),
        gradient_of_features_conv2d_kernel(
            image,
            d_features_conv2d_add,
            m.gradient("features/conv2d/kernel"),
        ),
    ]


def update(m):
    """The optimizer's step."""
    return [
        compute_subtract(
            m.slot("accumulated_grad"),
            m.gradients(),
            m.slot("accumulated_delta_var"),
            m.weights(),
            m.scalar(0),
        ),
    ]


def evaluate(m):
    """Loss and metrics of one batch."""
    image = m.rows(44672, 784)
    features_conv2d = m.rows(0, 21632)
    features_conv2d_1 = m.rows(21632, 18432)
    features_max_pooling2d = m.rows(40064, 4608)
    hidden = m.rows(45456, 128)
    classes_add = m.rows(45589, 5)
    digit_target = m.rows(45584, 5)
    digit_sample_weight = m.rows(45594, 1)
    digit_loss_multiply_2 = m.rows(45595, 1)
    accuracy_min = m.rows(45596, 1)
    accuracy_min_1 = m.rows(45597, 1)
    return [
        m.feed("image", image, 784),
        m.feed("digit_target", digit_target, 5),
        m.feed("digit_sample_weight", digit_sample_weight, 1),
        compute_features_conv2d(
            m.weight("features/conv2d/kernel"),
            image,
            m.weight("features/conv2d/bias"),
            features_conv2d,
        ),
        compute_features_conv2d_1(
            m.weight("features/conv2d_1/kernel"),
            features_conv2d,
            m.weight("features/conv2d_1/bias"),
            features_conv2d_1,
        ),
        compute_features_max_pooling2d(features_conv2d_1, features_max_pooling2d),
        compute_hidden(
            features_max_pooling2d,
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
        compute_copy_1(
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
    image = m.rows(44672, 784)
    features_conv2d = m.rows(0, 21632)
    features_conv2d_1 = m.rows(21632, 18432)
    features_max_pooling2d = m.rows(40064, 4608)
    hidden = m.rows(45456, 128)
    classes_add = m.rows(45584, 5)
    classes = m.rows(45589, 5)
    return [
        m.feed("image", image, 784),
        compute_features_conv2d(
            m.weight("features/conv2d/kernel"),
            image,
            m.weight("features/conv2d/bias"),
            features_conv2d,
        ),
        compute_features_conv2d_1(
            m.weight("features/conv2d_1/kernel"),
            features_conv2d,
            m.weight("features/conv2d_1/bias"),
            features_conv2d_1,
        ),
        compute_features_max_pooling2d(features_conv2d_1, features_max_pooling2d),
        compute_hidden(
            features_max_pooling2d,
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
        m.result("digit", classes, 5),
    ]


def predict_few(m):
    """The outputs of one row, or of a few."""
    image = m.rows(44672, 784)
    features_conv2d = m.rows(0, 21632)
    features_conv2d_1 = m.rows(21632, 18432)
    features_max_pooling2d = m.rows(40064, 4608)
    hidden = m.rows(45456, 128)
    classes_add = m.rows(45584, 5)
    classes = m.rows(45589, 5)
    return [
        m.feed("image", image, 784),
        compute_features_conv2d(
            m.weight("features/conv2d/kernel"),
            image,
            m.weight("features/conv2d/bias"),
            features_conv2d,
        ),
        compute_features_conv2d_1(
            m.weight("features/conv2d_1/kernel"),
            features_conv2d,
            m.weight("features/conv2d_1/bias"),
            features_conv2d_1,
        ),
        compute_features_max_pooling2d(features_conv2d_1, features_max_pooling2d),
        compute_hidden_2(
            features_max_pooling2d,
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
        m.result("digit", classes, 5),
    ]


SPEC = Spec(
    name="Transfer",
    source="31_transfer.k",
    version="0.1.0",
    inputs=(Input("image", "float32", (28, 28, 1)),),
    outputs=(Output("digit", (5,)),),
    targets=(Target("digit", "float32", (5,)),),
    weights=WEIGHTS,
    metrics=(Metric("loss", (0, 1)), Metric("accuracy", (2, 3))),
    layers=(
        Layer(
            "features/conv2d",
            "Conv2D",
            (26, 26, 32),
            320,
            0,
            15,
            ("features/conv2d/kernel", "features/conv2d/bias"),
        ),
        Layer(
            "features/conv2d_1",
            "Conv2D",
            (24, 24, 32),
            9248,
            0,
            16,
            ("features/conv2d_1/kernel", "features/conv2d_1/bias"),
        ),
        Layer("features/max_pooling2d", "MaxPooling2D", (12, 12, 32), 0, 0, 17),
        Layer("features/dropout", "Dropout", (12, 12, 32), 0, 0, 18),
        Layer("features/flatten", "Flatten", (4608,), 0, 0, 19),
        Layer(
            "hidden",
            "Dense",
            (128,),
            589952,
            1179904,
            23,
            ("hidden/kernel", "hidden/bias"),
        ),
        Layer("dropout_1", "Dropout", (128,), 0, 0, 25),
        Layer(
            "classes",
            "Dense",
            (5,),
            645,
            1285,
            24,
            ("classes/kernel", "classes/bias"),
        ),
    ),
    trainable=600176,
    size=600176,
    slots={"accumulated_grad": 0.0, "accumulated_delta_var": 0.0},
    optimizer=Adadelta(learning_rate=1.0),
    totals=4,
    feeds=("image", "digit_target", "digit_sample_weight"),
)


class Transfer(Model):
    """Features from convolutions, classes from a head of two layers."""

    spec = SPEC
    programs = Programs(
        train=(
            Steps(gradients, 143192, 599680, 38208641),
            Steps(update, 143192, 599680, 0),
        ),
        gradient=(Steps(gradients, 143192, 599680, 38208641),),
        evaluate=(Steps(evaluate, 45598, 0, 12286120),),
        predict=(Steps(predict, 45594, 0, 12286067),),
        few=(Steps(predict_few, 45594, 0, 12286067),),
    )


SOURCE_NAME = "31_transfer.k"
SOURCE_MAP = {
    "compute_features_conv2d": (25,),
    "compute_features_conv2d_1": (25,),
    "compute_features_dropout": (25,),
    "compute_dropout_1": (25,),
    "compute_classes_add": (25,),
    "gradient_of_classes_add": (25, 28, 29),
    "compute_copy_1": (25, 28, 29),
    "gradient_of_classes_bias": (25,),
    "transpose_classes_kernel": (25,),
    "gradient_of_hidden_add": (25,),
    "gradient_of_classes_kernel": (25,),
    "gradient_of_hidden_bias": (25,),
    "transpose_hidden_kernel": (25,),
    "gradient_of_features_flatten_dot": (25,),
    "gradient_of_hidden_kernel": (25,),
    "gradient_of_features_max_pooling2d": (25,),
    "gradient_of_features_max_pooling2d_pool_where": (25,),
    "gradient_of_features_conv2d_1": (25,),
    "gradient_of_features_conv2d_1_add": (25,),
    "gradient_of_features_conv2d_1_bias_sum": (25,),
    "gradient_of_features_conv2d_bias_sum_1": (25,),
    "gradient_of_features_conv2d_1_turn": (25,),
    "gradient_of_features_conv2d_pad": (25,),
    "gradient_of_features_conv2d_add": (25,),
    "gradient_of_features_conv2d_1_kernel": (25,),
    "gradient_of_features_conv2d_bias_sum": (25,),
    "gradient_of_features_conv2d_kernel": (25,),
    "compute_subtract": (),
    "compute_features_max_pooling2d": (25,),
    "compute_hidden": (25,),
    "compute_accuracy_min_1": (25, 28, 29),
    "compute_classes": (25,),
    "compute_hidden_2": (25,),
}
SOURCE = """\
# Transfer learning: a small convnet learns the digits 0 to 4. Built again with -D frozen=True it
# keeps the convolutions as they are and learns the digits 5 to 9 with the head alone; see
# transfer.py.

param frozen = False
param filters = 32
param size = 28
param rate = 0.25

model Transfer:
    \"\"\"Features from convolutions, classes from a head of two layers.\"\"\"
    input image: float32[size, size, 1]
    features = Sequential(
        [
            Conv2D(filters, 3, activation="relu"),
            Conv2D(filters, 3, activation="relu"),
            MaxPooling2D(2),
            Dropout(rate),
            Flatten(),
        ],
        trainable=not frozen,
    )
    hidden = Dense(128, activation="relu")
    classes = Dense(5, activation="softmax")
    output digit = image |> features |> hidden |> Dropout(2 * rate) |> classes
    train:
        optimizer = Adadelta(learning_rate=1.0)
        loss = "categorical_crossentropy"
        metrics = ["accuracy"]
"""
