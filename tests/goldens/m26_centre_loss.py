"""CentreLoss, as native code.

Built by kgen 0.1.0 from 26_centre_loss.k; edit that, not this.

layer          kind          output                   weights  line
conv2d         Conv2D        (batch, 223, 223, 10)        130    17
max_pooling2d  MaxPooling2D  (batch, 111, 111, 10)          0    17
flatten        Flatten       (batch, 123210)                0    17
dense          Dense         (batch, 32)            3,942,752    18
embedding      Embedding     (batch, 1, 32)             3,200    19
flatten_1      Flatten       (batch, 32)                    0    19
dense_1        Dense         (batch, 100)               3,300    20
total          CentreLoss                           3,949,382
"""

import numpy as np
from kgen.runtime.kernels import kernel, sync
from kgen.runtime.memory import Programs, Steps, rows_for, vectors_for
from kgen.runtime.model import Model
from kgen.runtime.optimizers import Adam
from kgen.runtime.spec import Input, Layer, Metric, Output, Spec, Target, View, Weight
from kgen.runtime.tiles import (
    HALF_ROWS,
    LANES,
    ROWS,
    add_to,
    element,
    exp,
    fill_words,
    full,
    imatrix,
    keep_columns,
    lane_index,
    load,
    load_column,
    load_scalar,
    log,
    matrix,
    maximum,
    minimum,
    outer,
    outer_t,
    pack,
    pack_t,
    prefetch_write,
    row_max,
    row_min,
    row_sum,
    select,
    share,
    share_batch,
    share_block,
    sqrt,
    square,
    store,
    store_column,
    store_rows,
    zeros,
)

VECTORS_32 = vectors_for(32)
ROWS_6_BY_1 = rows_for(6, 1)
ROWS_223_BY_1 = rows_for(223, 1)

WEIGHTS = (
    Weight("conv2d/kernel", (2, 2, 3, 10), 0, "GlorotUniform", {"seed": None}),
    Weight("conv2d/bias", (10,), 128, "Zeros", {}),
    Weight("dense/kernel", (123210, 32), 144, "GlorotUniform", {"seed": None}),
    Weight("dense/bias", (32,), 3942864, "Zeros", {}),
    Weight(
        "embedding/embeddings",
        (100, 32),
        3942896,
        "RandomUniform",
        {"minval": -0.05, "maxval": 0.05, "seed": None},
    ),
    Weight("dense_1/kernel", (32, 100), 3946096, "GlorotUniform", {"seed": None}),
    Weight("dense_1/bias", (100,), 3949296, "Zeros", {}),
)


@kernel
def compute_conv2d(thread, threads, batch, clock, args):
    """Line 17 of the model. 12,929,540 FLOPs a row."""
    image = matrix(args, 0, batch * 50176, 3)
    conv2d_kernel = matrix(args, 1, 12, 10)
    conv2d_bias = matrix(args, 2, 1, 10)
    conv2d = matrix(args, 3, batch * 49729, 10)
    first, last, left, right = share_block(clock, batch, 223, 1, thread, threads)
    for n in range(first, last):
        for j in range(0, 10, LANES):
            for oy in range(left, right):
                for tile in range(0, 223, ROWS_223_BY_1):
                    ox = min(tile, 223 - ROWS_223_BY_1)
                    i = (n * 223 + oy) * 223 + ox
                    acc = zeros(ROWS_223_BY_1, 1)
                    for ty in range(2):
                        row = (n * 224 + oy + ty) * 224 + ox
                        kk = ty * 6
                        for k in range(3):
                            acc = outer(acc, image, row, k, conv2d_kernel, kk + k, j)
                            acc = outer(
                                acc, image, row, k + 3, conv2d_kernel, kk + k + 3, j
                            )
                    conv2d_tile = maximum(acc + load(conv2d_bias, 0, j, 1, 1), 0.0)
                    store(conv2d, i, j, conv2d_tile)


@kernel
def compute_max_pooling2d(thread, threads, batch, clock, args):
    """Line 17 of the model. 492,840 FLOPs a row."""
    conv2d = matrix(args, 0, batch * 49729, 10)
    max_pooling2d = matrix(args, 1, batch * 12321, 10)
    first, last, left, right = share_block(clock, batch, 111, 1, thread, threads)
    for n in range(first, last):
        for oy in range(left, right):
            for ox in range(111):
                i = (n * 111 + oy) * 111 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 10, LANES):
                    acc = full(1, 1, -np.inf)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            acc = maximum(
                                acc, load(conv2d, (n * 223 + iy) * 223 + ix, j, 1, 1)
                            )
                    store(max_pooling2d, i, j, acc)


@kernel
def compute_dense(thread, threads, batch, clock, args):
    """Line 18 of the model. 7,885,504 FLOPs a row."""
    max_pooling2d = matrix(args, 0, batch, 123210)
    dense_kernel = matrix(args, 1, 123210, 32)
    dense_bias = matrix(args, 2, 1, 32)
    dense = matrix(args, 3, batch, 32)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 32, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(123210):
                acc = outer(acc, max_pooling2d, i, k, dense_kernel, k, j)
            store(dense, i, j, maximum(acc + load(dense_bias, 0, j, 1, 2), 0.0))


@kernel
def gradient_of_flatten_1(thread, threads, batch, clock, args):
    """Lines 19, 21. 96 FLOPs a row."""
    label = imatrix(args, 0, batch, 1)
    embedding_embeddings = matrix(args, 1, 100, 32)
    dense = matrix(args, 2, batch, 32)
    subtract = matrix(args, 3, batch, 32)
    distance_sample_weight = matrix(args, 4, batch, 1)
    d_subtract = matrix(args, 5, batch, 32)
    d_flatten_1 = matrix(args, 6, batch, 32)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        row = min(max(element(label, i, 0), 0), 99)
        for j in range(0, 32, 2 * LANES):
            acc = load(embedding_embeddings, row, j, 1, 2)
            subtract_tile = load(dense, i, j, 1, 2) - acc
            store(subtract, i, j, subtract_tile)
            d_distance_loss_sum_2 = 0.2 / full(1, 1, batch)
            distance_sample_weight_tile = load_column(distance_sample_weight, i, 1)
            d_reshape = d_distance_loss_sum_2 * distance_sample_weight_tile
            d_subtract_tile = d_reshape * (2.0 * subtract_tile)
            store(d_subtract, i, j, d_subtract_tile)
            store(d_flatten_1, i, j, -d_subtract_tile)


@kernel
def compute_dense_1_add(thread, threads, batch, clock, args):
    """Line 20 of the model. 6,500 FLOPs a row."""
    dense = matrix(args, 0, batch, 32)
    dense_1_kernel = matrix(args, 1, 32, 100)
    dense_1_bias = matrix(args, 2, 1, 100)
    dense_1_add = matrix(args, 3, batch, 100)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 100, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(32):
                acc = outer(acc, dense, i, k, dense_1_kernel, k, j)
            store(dense_1_add, i, j, acc + load(dense_1_bias, 0, j, 1, 2))


@kernel
def gradient_of_dense_1_add(thread, threads, batch, clock, args):
    """Lines 20, 25, 27. 3,116 FLOPs a row."""
    dense_1_add = matrix(args, 0, batch, 100)
    dense_1_exp = matrix(args, 1, batch, 100)
    digit_target = imatrix(args, 2, batch, 1)
    digit_sample_weight = matrix(args, 3, batch, 1)
    digit_loss_multiply_2 = matrix(args, 4, batch, 1)
    digit_accuracy_min = matrix(args, 5, batch, 1)
    d_dense_1_add = matrix(args, 6, batch, 100)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        largest = full(1, 4, -np.inf)
        for j in range(0, 100, 4 * LANES):
            dense_1_add_tile = load(dense_1_add, i, j, 1, 4)
            largest = maximum(largest, keep_columns(dense_1_add_tile, j, 100, -np.inf))
        dense_1_max = row_max(largest)
        summed = full(1, 4, 0.0)
        for j in range(0, 100, 4 * LANES):
            dense_1_exp_tile = exp(load(dense_1_add, i, j, 1, 4) - dense_1_max)
            store(dense_1_exp, i, j, dense_1_exp_tile)
            summed = summed + keep_columns(dense_1_exp_tile, j, 100, 0.0)
        dense_1_sum = row_sum(summed)
        digit_loss_log = log(dense_1_sum)
        summed_2 = full(1, 4, 0.0)
        largest_2 = full(1, 4, -np.inf)
        for j in range(0, 100, 4 * LANES):
            digit_loss_as_float = load_column(digit_target, i, 1)
            digit_loss_equal = lane_index(j, 4) == digit_loss_as_float
            digit_loss_as_float_1 = select(digit_loss_equal, 1.0, 0.0)
            dense_1_subtract_2 = load(dense_1_add, i, j, 1, 4) - dense_1_max
            digit_loss_log_softmax = dense_1_subtract_2 - digit_loss_log
            digit_loss_multiply = digit_loss_as_float_1 * digit_loss_log_softmax
            summed_2 = summed_2 + keep_columns(digit_loss_multiply, j, 100, 0.0)
            dense_1 = load(dense_1_exp, i, j, 1, 4) / dense_1_sum
            largest_2 = maximum(largest_2, keep_columns(dense_1, j, 100, -np.inf))
        digit_loss_sum_1 = row_sum(summed_2)
        digit_accuracy_max = row_max(largest_2)
        digit_loss_negative = -digit_loss_sum_1
        digit_sample_weight_tile = load_column(digit_sample_weight, i, 1)
        digit_loss_multiply_2_tile = digit_loss_negative * digit_sample_weight_tile
        store_column(digit_loss_multiply_2, i, digit_loss_multiply_2_tile)
        smallest = full(1, 4, np.inf)
        summed_3 = full(1, 4, 0.0)
        for j in range(0, 100, 4 * LANES):
            dense_1_2 = load(dense_1_exp, i, j, 1, 4) / dense_1_sum
            digit_accuracy_equal = dense_1_2 == digit_accuracy_max
            index_2 = lane_index(j, 4)
            digit_accuracy_where = select(digit_accuracy_equal, index_2, 100.0)
            smallest = minimum(
                smallest, keep_columns(digit_accuracy_where, j, 100, np.inf)
            )
            d_digit_loss_sum_2 = 1.0 / full(1, 1, batch)
            d_digit_loss_negative_1 = d_digit_loss_sum_2 * digit_sample_weight_tile
            negative = -d_digit_loss_negative_1
            digit_loss_equal_2 = index_2 == load_column(digit_target, i, 1)
            digit_loss_as_float_1_2 = select(digit_loss_equal_2, 1.0, 0.0)
            d_digit_loss_log_softmax = negative * digit_loss_as_float_1_2
            summed_3 = summed_3 + keep_columns(d_digit_loss_log_softmax, j, 100, 0.0)
        digit_accuracy_min_tile = row_min(smallest)
        store_column(digit_accuracy_min, i, digit_accuracy_min_tile)
        d_digit_loss_sum_1_1 = row_sum(summed_3)
        for j in range(0, 100, 4 * LANES):
            d_digit_loss_sum_2_2 = 1.0 / full(1, 1, batch)
            d_digit_loss_negative_1_2 = d_digit_loss_sum_2_2 * digit_sample_weight_tile
            negative_2 = -d_digit_loss_negative_1_2
            digit_loss_as_float_3 = load_column(digit_target, i, 1)
            digit_loss_equal_3 = lane_index(j, 4) == digit_loss_as_float_3
            digit_loss_as_float_1_3 = select(digit_loss_equal_3, 1.0, 0.0)
            d_digit_loss_log_softmax_2 = negative_2 * digit_loss_as_float_1_3
            dense_1_3 = load(dense_1_exp, i, j, 1, 4) / dense_1_sum
            d_digit_loss_multiply_8 = dense_1_3 * d_digit_loss_sum_1_1
            d_dense_1_add_tile = d_digit_loss_log_softmax_2 - d_digit_loss_multiply_8
            store(d_dense_1_add, i, j, d_dense_1_add_tile)


@kernel
def compute_distance_loss_multiply_1(thread, threads, batch, clock, args):
    """Lines 21, 25. 33 FLOPs a row."""
    subtract = matrix(args, 0, batch, 32)
    distance_sample_weight = matrix(args, 1, batch, 1)
    distance_loss_multiply_1 = matrix(args, 2, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        sum_ = row_sum(square(load(subtract, i, 0, 2, VECTORS_32)))
        distance_sample_weight_tile = load_column(distance_sample_weight, i, 2)
        distance_loss_multiply_1_tile = sum_ * distance_sample_weight_tile
        store_column(distance_loss_multiply_1, i, distance_loss_multiply_1_tile)


@kernel
def compute_figures(thread, threads, batch, clock, args):
    """Lines 17, 25, 27. 3 FLOPs a row, 16 FLOPs."""
    digit_loss_multiply_2 = matrix(args, 0, batch, 1)
    distance_loss_multiply_1 = matrix(args, 1, batch, 1)
    digit_target = imatrix(args, 2, batch, 1)
    digit_accuracy_min = matrix(args, 3, batch, 1)
    multiply_1 = matrix(args, 4, 1, 1)
    digit_accuracy_sum = matrix(args, 5, 1, 1)
    multiply_2 = matrix(args, 6, 1, 1)
    multiply_3 = matrix(args, 7, 1, 1)
    copy = matrix(args, 8, 1, 1)
    copy_1 = matrix(args, 9, 1, 1)
    copy_2 = matrix(args, 10, 1, 1)
    copy_3 = matrix(args, 11, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        summed_2 = full(1, 1, 0.0)
        summed_3 = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(digit_loss_multiply_2, i, j, 1, 1)
            summed_2 = summed_2 + load(distance_loss_multiply_1, i, j, 1, 1)
            digit_loss_as_float = load(digit_target, i, j, 1, 1)
            digit_accuracy_min_tile = load(digit_accuracy_min, i, j, 1, 1)
            digit_accuracy_equal_1 = digit_loss_as_float == digit_accuracy_min_tile
            summed_3 = summed_3 + select(digit_accuracy_equal_1, 1.0, 0.0)
        digit_loss = summed / full(1, 1, batch)
        distance_loss = summed_2 / full(1, 1, batch)
        batch_size = full(1, 1, batch)
        multiply_1_tile = (digit_loss + (distance_loss * 0.2)) * batch_size
        store(multiply_1, 0, j, multiply_1_tile)
        store(digit_accuracy_sum, 0, j, summed_3)
        store(multiply_2, 0, j, digit_loss * batch_size)
        store(multiply_3, 0, j, distance_loss * batch_size)
        store(copy, 0, j, batch_size)
        store(copy_1, 0, j, batch_size)
        store(copy_2, 0, j, batch_size)
        store(copy_3, 0, j, full(1, 1, batch))


@kernel
def gradient_of_dense_1_bias(thread, threads, batch, clock, args):
    """Line 20 of the model. 100 FLOPs a row."""
    d_dense_1_add = matrix(args, 0, batch, 100)
    d_dense_1_bias = matrix(args, 1, 1, 100)
    first, last = share(100, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(batch):
            summed = summed + load(d_dense_1_add, i, j, 1, 4)
        store(d_dense_1_bias, 0, j, summed)


@kernel
def gradient_of_dense_add(thread, threads, batch, clock, args):
    """Lines 18, 20. 6,464 FLOPs a row."""
    d_dense_1_add = matrix(args, 0, batch, 100)
    dense_1_kernel = matrix(args, 1, 32, 100)
    d_subtract = matrix(args, 2, batch, 32)
    dense = matrix(args, 3, batch, 32)
    d_dense_add = matrix(args, 4, batch, 32)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 32, 2 * LANES):
        panel = pack_t(dense_1_kernel, j, 0, 100, 2, 100)
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(100):
                acc = outer(acc, d_dense_1_add, i, k, panel, k, 0)
            d_dense = load(d_subtract, i, j, ROWS, 2) + acc
            d_dense_greater = load(dense, i, j, ROWS, 2) > 0.0
            store(d_dense_add, i, j, select(d_dense_greater, d_dense, 0.0))


@kernel
def gradient_of_dense_1_kernel(thread, threads, batch, clock, args):
    """Line 20 of the model. 6,400 FLOPs a row."""
    dense = matrix(args, 0, batch, 32)
    d_dense_1_add = matrix(args, 1, batch, 100)
    d_dense_1_kernel = matrix(args, 2, 32, 100)
    first, last = share(100, 4 * LANES, thread, threads)
    for start in range(0, batch, 128):
        count = min(128, batch - start)
        for j in range(first, last, 4 * LANES):
            panel = pack(d_dense_1_add, start, j, 128, 4, count)
            for i in range(0, 32, HALF_ROWS):
                acc = zeros(HALF_ROWS, 4)
                if start > 0:
                    acc = load(d_dense_1_kernel, i, j, HALF_ROWS, 4)
                for k in range(count):
                    acc = outer_t(acc, dense, start + k, i, panel, k, 0)
                store(d_dense_1_kernel, i, j, acc)


@kernel
def gradient_of_embedding_embeddings(thread, threads, batch, clock, args):
    """Line 19 of the model. 32 FLOPs a row."""
    label = imatrix(args, 0, batch, 1)
    d_flatten_1 = matrix(args, 1, batch, 32)
    d_embedding_embeddings = matrix(args, 2, 100, 32)
    for row in range(100):
        if row % threads == thread:
            for j in range(0, 32, 2 * LANES):
                store(d_embedding_embeddings, row, j, zeros(1, 2))
    for i in range(batch):
        row = min(max(element(label, i, 0), 0), 99)
        if row % threads == thread:
            for j in range(0, 32, 2 * LANES):
                add_to(d_embedding_embeddings, row, j, load(d_flatten_1, i, j, 1, 2))


@kernel
def gradient_of_dense_bias(thread, threads, batch, clock, args):
    """Line 18 of the model. 32 FLOPs a row."""
    d_dense_add = matrix(args, 0, batch, 32)
    d_dense_bias = matrix(args, 1, 1, 32)
    first, last = share(32, 2 * LANES, thread, threads)
    for j in range(first, last, 2 * LANES):
        summed = full(1, 2, 0.0)
        for i in range(batch):
            summed = summed + load(d_dense_add, i, j, 1, 2)
        store(d_dense_bias, 0, j, summed)


@kernel
def gradient_of_flatten_dot(thread, threads, batch, clock, args):
    """Line 18 of the model. 7,885,440 FLOPs a row."""
    d_dense_add = matrix(args, 0, batch, 32)
    dense_kernel = matrix(args, 1, 123210, 32)
    d_flatten_dot = matrix(args, 2, batch, 123210)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 123210, 4 * LANES):
        panel = pack_t(dense_kernel, j, 0, 32, 4, 32)
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(32):
                acc = outer(acc, d_dense_add, i, k, panel, k, 0)
            store(d_flatten_dot, i, j, acc)


@kernel
def gradient_of_dense_kernel(thread, threads, batch, clock, args):
    """Line 18 of the model. 7,885,440 FLOPs a row."""
    max_pooling2d = matrix(args, 0, batch, 123210)
    d_dense_add = matrix(args, 1, batch, 32)
    d_dense_kernel = matrix(args, 2, 123210, 32)
    first, last = share(123210, ROWS, thread, threads)
    for j in range(0, 32, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(batch):
                acc = outer_t(acc, max_pooling2d, k, i, d_dense_add, k, j)
            store(d_dense_kernel, i, j, acc)


@kernel
def gradient_of_max_pooling2d_pool_where(thread, threads, batch, clock, args):
    """Line 17 of the model."""
    conv2d = matrix(args, 0, batch * 49729, 10)
    d_max_pooling2d_pool_where = matrix(args, 1, batch * 12321, 10)
    first, last, left, right = share_block(clock, batch, 111, 1, thread, threads)
    for n in range(first, last):
        for oy in range(left, right):
            for ox in range(111):
                i = (n * 111 + oy) * 111 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 10, LANES):
                    best = full(1, 1, -np.inf)
                    acc = full(1, 1, 0)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            part = load(conv2d, (n * 223 + iy) * 223 + ix, j, 1, 1)
                            found = part > best
                            acc = select(
                                found, (iy - iy_first) * 2 + (ix - ix_first), acc
                            )
                            best = select(found, part, best)
                    store(d_max_pooling2d_pool_where, i, j, acc)


@kernel
def gradient_of_max_pooling2d_1(thread, threads, batch, clock, args):
    """Line 17 of the model. 123,210 FLOPs a row."""
    max_pooling2d = matrix(args, 0, batch, 123210)
    d_flatten_dot = matrix(args, 1, batch, 123210)
    d_max_pooling2d_1 = matrix(args, 2, batch, 123210)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        for j in range(0, 123210, 4 * LANES):
            kept = load(max_pooling2d, i, j, 1, 4) > 0.0
            d_flatten_dot_tile = load(d_flatten_dot, i, j, 1, 4)
            d_max_pooling2d_1_tile = select(kept, d_flatten_dot_tile, 0.0)
            store(d_max_pooling2d_1, i, j, d_max_pooling2d_1_tile)


@kernel
def gradient_of_conv2d_add(thread, threads, batch, clock, args):
    """Line 17 of the model."""
    d_max_pooling2d_1 = matrix(args, 0, batch * 12321, 10)
    d_max_pooling2d_pool_where = matrix(args, 1, batch * 12321, 10)
    d_conv2d_add = matrix(args, 2, batch * 49729, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for n in range(first, last):
        fill_words(d_conv2d_add, n * 497290, 497290, 0.0)
        for oy in range(111):
            for ox in range(111):
                i = (n * 111 + oy) * 111 + ox
                iy_first = oy * 2
                ix_first = ox * 2
                for j in range(0, 10, LANES):
                    best = load(d_max_pooling2d_1, i, j, 1, 1)
                    found = load(d_max_pooling2d_pool_where, i, j, 1, 1)
                    for iy in range(iy_first, iy_first + 2):
                        for ix in range(ix_first, ix_first + 2):
                            store(
                                d_conv2d_add,
                                (n * 223 + iy) * 223 + ix,
                                j,
                                select(
                                    found == (iy - iy_first) * 2 + (ix - ix_first),
                                    best,
                                    0.0,
                                ),
                            )


@kernel
def gradient_of_conv2d_bias_sum(thread, threads, batch, clock, args):
    """Line 17 of the model. 497,290 FLOPs a row."""
    d_conv2d_add = matrix(args, 0, batch * 49729, 10)
    d_conv2d_bias_sum = matrix(args, 1, batch, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for o in range(first, last):
        for j in range(0, 10, LANES):
            summed = full(1, 1, 0.0)
            for i in range(49729):
                summed = summed + load(d_conv2d_add, o * 49729 + i, j, 1, 1)
            store(d_conv2d_bias_sum, o, j, summed)


@kernel
def gradient_of_conv2d_bias_sum_1(thread, threads, batch, clock, args):
    """Line 17 of the model. 10 FLOPs a row."""
    d_conv2d_bias_sum = matrix(args, 0, batch, 10)
    d_conv2d_bias_sum_1 = matrix(args, 1, 1, 10)
    first, last = share(10, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(d_conv2d_bias_sum, i, j, 1, 1)
        store(d_conv2d_bias_sum_1, 0, j, summed)


@kernel
def gradient_of_conv2d_kernel_parts(thread, threads, batch, clock, args):
    """Line 17 of the model. 11,934,960 FLOPs a row."""
    d_conv2d_add = matrix(args, 0, batch * 49729, 10)
    d_conv2d_kernel_parts = matrix(args, 1, threads * 12, 10)
    image = matrix(args, 2, batch * 50176, 3)
    first, last = share_batch(clock, batch, thread, threads)
    fill_words(d_conv2d_kernel_parts, thread * 120, 120, 0.0)
    for j in range(0, 10, LANES):
        for start in range(first * 223, last * 223, 1):
            count = min(1, last * 223 - start)
            for t in range(-(-6 // ROWS_6_BY_1)):
                m = t * ROWS_6_BY_1
                acc_0 = load(d_conv2d_kernel_parts, thread * 12 + m, j, ROWS_6_BY_1, 1)
                acc_1 = load(
                    d_conv2d_kernel_parts, thread * 12 + 6 + m, j, ROWS_6_BY_1, 1
                )
                for q in range(start, start + count):
                    n = q // 223
                    oy = q % 223
                    row_0 = (n * 224 + oy) * 224
                    row_1 = (n * 224 + oy + 1) * 224
                    for ox in range(223):
                        acc_0 = outer_t(
                            acc_0, image, row_0 + ox, m, d_conv2d_add, q * 223 + ox, j
                        )
                        acc_1 = outer_t(
                            acc_1, image, row_1 + ox, m, d_conv2d_add, q * 223 + ox, j
                        )
                store_rows(d_conv2d_kernel_parts, thread * 12 + m, j, acc_0, 6 - m)
                store_rows(d_conv2d_kernel_parts, thread * 12 + 6 + m, j, acc_1, 6 - m)


@kernel
def gradient_of_conv2d_kernel(thread, threads, batch, clock, args):
    """Line 17 of the model. 120 FLOPs."""
    d_conv2d_kernel_parts = matrix(args, 0, threads, 120)
    d_conv2d_kernel = matrix(args, 1, 1, 120)
    first, last = share(120, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_conv2d_kernel_parts, i, j, 1, 4)
        store(d_conv2d_kernel, 0, j, summed)


@kernel
def update_weights(thread, threads, batch, clock, args):
    """All weights at once. 63,190,528 FLOPs."""
    gradients = matrix(args, 0, 1, 3949408)
    momentum = matrix(args, 1, 1, 3949408)
    velocity = matrix(args, 2, 1, 3949408)
    alpha = matrix(args, 3, 1, 1)
    weights = matrix(args, 4, 1, 3949408)
    first, last = share(3949408, 4 * LANES, thread, threads)
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
def compute_subtract(thread, threads, batch, clock, args):
    """Lines 19, 21. 32 FLOPs a row."""
    label = imatrix(args, 0, batch, 1)
    embedding_embeddings = matrix(args, 1, 100, 32)
    dense = matrix(args, 2, batch, 32)
    subtract = matrix(args, 3, batch, 32)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        row = min(max(element(label, i, 0), 0), 99)
        for j in range(0, 32, 2 * LANES):
            acc = load(embedding_embeddings, row, j, 1, 2)
            store(subtract, i, j, load(dense, i, j, 1, 2) - acc)


@kernel
def compute_dense_1_add_2(thread, threads, batch, clock, args):
    """Line 20 of the model. 6,500 FLOPs a row."""
    dense = matrix(args, 0, batch, 32)
    dense_1_kernel = matrix(args, 1, 32, 100)
    dense_1_bias = matrix(args, 2, 1, 100)
    dense_1_add = matrix(args, 3, batch, 100)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 100, 4 * LANES):
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(32):
                acc = outer(acc, dense, i, k, dense_1_kernel, k, j)
            store(dense_1_add, i, j, acc + load(dense_1_bias, 0, j, 1, 4))


@kernel
def compute_digit_accuracy_min(thread, threads, batch, clock, args):
    """Lines 20, 25, 27. 2,716 FLOPs a row."""
    dense_1_add = matrix(args, 0, batch, 100)
    dense_1_exp = matrix(args, 1, batch, 100)
    digit_target = imatrix(args, 2, batch, 1)
    digit_sample_weight = matrix(args, 3, batch, 1)
    digit_loss_multiply_2 = matrix(args, 4, batch, 1)
    digit_accuracy_min = matrix(args, 5, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        largest = full(1, 4, -np.inf)
        for j in range(0, 100, 4 * LANES):
            dense_1_add_tile = load(dense_1_add, i, j, 1, 4)
            largest = maximum(largest, keep_columns(dense_1_add_tile, j, 100, -np.inf))
        dense_1_max = row_max(largest)
        summed = full(1, 4, 0.0)
        for j in range(0, 100, 4 * LANES):
            dense_1_exp_tile = exp(load(dense_1_add, i, j, 1, 4) - dense_1_max)
            store(dense_1_exp, i, j, dense_1_exp_tile)
            summed = summed + keep_columns(dense_1_exp_tile, j, 100, 0.0)
        dense_1_sum = row_sum(summed)
        digit_loss_log = log(dense_1_sum)
        summed_2 = full(1, 4, 0.0)
        largest_2 = full(1, 4, -np.inf)
        for j in range(0, 100, 4 * LANES):
            digit_loss_as_float = load_column(digit_target, i, 1)
            digit_loss_equal = lane_index(j, 4) == digit_loss_as_float
            digit_loss_as_float_1 = select(digit_loss_equal, 1.0, 0.0)
            dense_1_subtract_2 = load(dense_1_add, i, j, 1, 4) - dense_1_max
            digit_loss_log_softmax = dense_1_subtract_2 - digit_loss_log
            digit_loss_multiply = digit_loss_as_float_1 * digit_loss_log_softmax
            summed_2 = summed_2 + keep_columns(digit_loss_multiply, j, 100, 0.0)
            dense_1 = load(dense_1_exp, i, j, 1, 4) / dense_1_sum
            largest_2 = maximum(largest_2, keep_columns(dense_1, j, 100, -np.inf))
        digit_loss_sum_1 = row_sum(summed_2)
        digit_accuracy_max = row_max(largest_2)
        digit_loss_negative = -digit_loss_sum_1
        digit_sample_weight_tile = load_column(digit_sample_weight, i, 1)
        digit_loss_multiply_2_tile = digit_loss_negative * digit_sample_weight_tile
        store_column(digit_loss_multiply_2, i, digit_loss_multiply_2_tile)
        smallest = full(1, 4, np.inf)
        for j in range(0, 100, 4 * LANES):
            dense_1_2 = load(dense_1_exp, i, j, 1, 4) / dense_1_sum
            digit_accuracy_equal = dense_1_2 == digit_accuracy_max
            index_2 = lane_index(j, 4)
            digit_accuracy_where = select(digit_accuracy_equal, index_2, 100.0)
            smallest = minimum(
                smallest, keep_columns(digit_accuracy_where, j, 100, np.inf)
            )
        digit_accuracy_min_tile = row_min(smallest)
        store_column(digit_accuracy_min, i, digit_accuracy_min_tile)


@kernel
def compute_dense_1(thread, threads, batch, clock, args):
    """Line 20 of the model. 2,200 FLOPs a row."""
    dense_1_add = matrix(args, 0, batch, 100)
    dense_1_exp = matrix(args, 1, batch, 100)
    dense_1 = matrix(args, 2, batch, 100)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last):
        largest = full(1, 4, -np.inf)
        for j in range(0, 100, 4 * LANES):
            dense_1_add_tile = load(dense_1_add, i, j, 1, 4)
            largest = maximum(largest, keep_columns(dense_1_add_tile, j, 100, -np.inf))
        dense_1_max = row_max(largest)
        summed = full(1, 4, 0.0)
        for j in range(0, 100, 4 * LANES):
            dense_1_exp_tile = exp(load(dense_1_add, i, j, 1, 4) - dense_1_max)
            store(dense_1_exp, i, j, dense_1_exp_tile)
            summed = summed + keep_columns(dense_1_exp_tile, j, 100, 0.0)
        dense_1_sum = row_sum(summed)
        for j in range(0, 100, 4 * LANES):
            store(dense_1, i, j, load(dense_1_exp, i, j, 1, 4) / dense_1_sum)


@kernel
def compute_sum(thread, threads, batch, clock, args):
    """Line 21 of the model. 32 FLOPs a row."""
    subtract = matrix(args, 0, batch, 32)
    sum_ = matrix(args, 1, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        sum_tile = row_sum(square(load(subtract, i, 0, 2, VECTORS_32)))
        store_column(sum_, i, sum_tile)


@kernel
def compute_dense_1_add_few(thread, threads, batch, clock, args):
    """Line 20 of the model. 6,500 FLOPs a row."""
    dense = matrix(args, 0, batch, 32)
    dense_1_kernel = matrix(args, 1, 32, 100)
    dense_1_bias = matrix(args, 2, 1, 100)
    dense_1_add = matrix(args, 3, batch, 100)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 100, 8 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 8)
            for k in range(32):
                acc = outer(acc, dense, i, k, dense_1_kernel, k, j)
            store(dense_1_add, i, j, acc + load(dense_1_bias, 0, j, 1, 8))


def gradients(m):
    """Forward, loss and backward of one batch of training."""
    image = m.rows(497290, 150528)
    conv2d = m.rows(0, 497290)
    max_pooling2d = m.rows(647818, 123210)
    d_max_pooling2d_pool_where = m.rows(771028, 123210)
    dense = m.rows(894238, 32)
    label = m.rows(894366, 1)
    subtract = m.rows(894270, 32)
    distance_sample_weight = m.rows(894369, 1)
    d_subtract = m.rows(894302, 32)
    d_flatten_1 = m.rows(894334, 32)
    distance_loss_multiply_1 = m.rows(300, 1)
    dense_1_add = m.rows(0, 100)
    dense_1_exp = m.rows(100, 100)
    digit_target = m.rows(894367, 1)
    digit_sample_weight = m.rows(894368, 1)
    digit_loss_multiply_2 = m.rows(301, 1)
    digit_accuracy_min = m.rows(302, 1)
    d_dense_1_add = m.rows(200, 100)
    d_dense_add = m.rows(123210, 32)
    d_flatten_dot = m.rows(0, 123210)
    d_max_pooling2d_1 = m.rows(894238, 123210)
    d_conv2d_add = m.rows(0, 497290)
    d_conv2d_kernel_parts = m.parts(120)
    d_conv2d_bias_sum = m.rows(647818, 10)
    return [
        m.feed("image", image, 150528),
        m.feed("label", label, 1),
        m.feed("digit_target", digit_target, 1),
        m.feed("digit_sample_weight", digit_sample_weight, 1),
        m.feed("distance_sample_weight", distance_sample_weight, 1),
        compute_conv2d(
            image, m.weight("conv2d/kernel"), m.weight("conv2d/bias"), conv2d
        ),
        compute_max_pooling2d(conv2d, max_pooling2d),
        gradient_of_max_pooling2d_pool_where(conv2d, d_max_pooling2d_pool_where),
        compute_dense(
            max_pooling2d, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        gradient_of_flatten_1(
            label,
            m.weight("embedding/embeddings"),
            dense,
            subtract,
            distance_sample_weight,
            d_subtract,
            d_flatten_1,
        ),
        sync,
        gradient_of_embedding_embeddings(
            label, d_flatten_1, m.gradient("embedding/embeddings")
        ),
        compute_distance_loss_multiply_1(
            subtract, distance_sample_weight, distance_loss_multiply_1
        ),
        compute_dense_1_add(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1_add
        ),
        gradient_of_dense_1_add(
            dense_1_add,
            dense_1_exp,
            digit_target,
            digit_sample_weight,
            digit_loss_multiply_2,
            digit_accuracy_min,
            d_dense_1_add,
        ),
        sync,
        compute_figures(
            digit_loss_multiply_2,
            distance_loss_multiply_1,
            digit_target,
            digit_accuracy_min,
            m.figure(0),
            m.figure(6),
            m.figure(2),
            m.figure(4),
            m.figure(1),
            m.figure(3),
            m.figure(5),
            m.figure(7),
        ),
        gradient_of_dense_1_bias(d_dense_1_add, m.gradient("dense_1/bias")),
        gradient_of_dense_add(
            d_dense_1_add, m.weight("dense_1/kernel"), d_subtract, dense, d_dense_add
        ),
        gradient_of_dense_1_kernel(dense, d_dense_1_add, m.gradient("dense_1/kernel")),
        sync,
        gradient_of_dense_bias(d_dense_add, m.gradient("dense/bias")),
        gradient_of_flatten_dot(d_dense_add, m.weight("dense/kernel"), d_flatten_dot),
        gradient_of_dense_kernel(
            max_pooling2d, d_dense_add, m.gradient("dense/kernel")
        ),
        gradient_of_max_pooling2d_1(max_pooling2d, d_flatten_dot, d_max_pooling2d_1),
        sync,
        gradient_of_conv2d_add(
            d_max_pooling2d_1, d_max_pooling2d_pool_where, d_conv2d_add
        ),
        gradient_of_conv2d_kernel_parts(d_conv2d_add, d_conv2d_kernel_parts, image),
        gradient_of_conv2d_bias_sum(d_conv2d_add, d_conv2d_bias_sum),
        sync,
        gradient_of_conv2d_bias_sum_1(d_conv2d_bias_sum, m.gradient("conv2d/bias")),
        gradient_of_conv2d_kernel(d_conv2d_kernel_parts, m.gradient("conv2d/kernel")),
    ]


def update(m):
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


def evaluate(m):
    """Loss and metrics of one batch."""
    image = m.rows(497290, 150528)
    conv2d = m.rows(0, 497290)
    max_pooling2d = m.rows(647818, 123210)
    dense = m.rows(771228, 32)
    label = m.rows(771292, 1)
    subtract = m.rows(771260, 32)
    dense_1_add = m.rows(771028, 100)
    dense_1_exp = m.rows(771128, 100)
    digit_target = m.rows(771293, 1)
    digit_sample_weight = m.rows(771294, 1)
    digit_loss_multiply_2 = m.rows(771296, 1)
    digit_accuracy_min = m.rows(771297, 1)
    distance_sample_weight = m.rows(771295, 1)
    distance_loss_multiply_1 = m.rows(771298, 1)
    return [
        m.feed("image", image, 150528),
        m.feed("label", label, 1),
        m.feed("digit_target", digit_target, 1),
        m.feed("digit_sample_weight", digit_sample_weight, 1),
        m.feed("distance_sample_weight", distance_sample_weight, 1),
        compute_conv2d(
            image, m.weight("conv2d/kernel"), m.weight("conv2d/bias"), conv2d
        ),
        compute_max_pooling2d(conv2d, max_pooling2d),
        compute_dense(
            max_pooling2d, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_subtract(label, m.weight("embedding/embeddings"), dense, subtract),
        compute_dense_1_add_2(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1_add
        ),
        compute_digit_accuracy_min(
            dense_1_add,
            dense_1_exp,
            digit_target,
            digit_sample_weight,
            digit_loss_multiply_2,
            digit_accuracy_min,
        ),
        compute_distance_loss_multiply_1(
            subtract, distance_sample_weight, distance_loss_multiply_1
        ),
        sync,
        compute_figures(
            digit_loss_multiply_2,
            distance_loss_multiply_1,
            digit_target,
            digit_accuracy_min,
            m.figure(0),
            m.figure(6),
            m.figure(2),
            m.figure(4),
            m.figure(1),
            m.figure(3),
            m.figure(5),
            m.figure(7),
        ),
    ]


def predict(m):
    """The outputs of one batch."""
    image = m.rows(497290, 150528)
    conv2d = m.rows(0, 497290)
    max_pooling2d = m.rows(647818, 123210)
    dense = m.rows(771328, 32)
    label = m.rows(771392, 1)
    subtract = m.rows(771360, 32)
    dense_1_add = m.rows(771028, 100)
    dense_1_exp = m.rows(771128, 100)
    dense_1 = m.rows(771228, 100)
    sum = m.rows(771393, 1)
    return [
        m.feed("image", image, 150528),
        m.feed("label", label, 1),
        compute_conv2d(
            image, m.weight("conv2d/kernel"), m.weight("conv2d/bias"), conv2d
        ),
        compute_max_pooling2d(conv2d, max_pooling2d),
        compute_dense(
            max_pooling2d, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_subtract(label, m.weight("embedding/embeddings"), dense, subtract),
        compute_dense_1_add_2(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1_add
        ),
        compute_dense_1(dense_1_add, dense_1_exp, dense_1),
        compute_sum(subtract, sum),
        m.result("digit", dense_1, 100),
        m.result("distance", sum, 1),
    ]


def predict_few(m):
    """The outputs of one row, or of a few."""
    image = m.rows(497290, 150528)
    conv2d = m.rows(0, 497290)
    max_pooling2d = m.rows(647818, 123210)
    dense = m.rows(771328, 32)
    label = m.rows(771392, 1)
    subtract = m.rows(771360, 32)
    dense_1_add = m.rows(771028, 100)
    dense_1_exp = m.rows(771128, 100)
    dense_1 = m.rows(771228, 100)
    sum = m.rows(771393, 1)
    return [
        m.feed("image", image, 150528),
        m.feed("label", label, 1),
        compute_conv2d(
            image, m.weight("conv2d/kernel"), m.weight("conv2d/bias"), conv2d
        ),
        compute_max_pooling2d(conv2d, max_pooling2d),
        compute_dense(
            max_pooling2d, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_subtract(label, m.weight("embedding/embeddings"), dense, subtract),
        compute_dense_1_add_few(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1_add
        ),
        compute_dense_1(dense_1_add, dense_1_exp, dense_1),
        compute_sum(subtract, sum),
        m.result("digit", dense_1, 100),
        m.result("distance", sum, 1),
    ]


def features(m):
    """The view `features` of one batch."""
    image = m.rows(497290, 150528)
    conv2d = m.rows(0, 497290)
    max_pooling2d = m.rows(647818, 123210)
    dense = m.rows(771028, 32)
    return [
        m.feed("image", image, 150528),
        compute_conv2d(
            image, m.weight("conv2d/kernel"), m.weight("conv2d/bias"), conv2d
        ),
        compute_max_pooling2d(conv2d, max_pooling2d),
        compute_dense(
            max_pooling2d, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        m.result("features", dense, 32),
    ]


SPEC = Spec(
    name="CentreLoss",
    source="26_centre_loss.k",
    version="0.1.0",
    fingerprint="7c3432919480c58c-96354c0347484f7c-50e701833f86dca4",
    inputs=(
        Input("image", "float32", (224, 224, 3)),
        Input("label", "int32", (1,), 100),
    ),
    outputs=(Output("digit", (100,)), Output("distance", (1,))),
    targets=(Target("digit", "int32", (), 100), Target("distance", "float32", (1,))),
    weights=WEIGHTS,
    metrics=(
        Metric("loss", (0, 1)),
        Metric("digit_loss", (2, 3)),
        Metric("distance_loss", (4, 5)),
        Metric("digit_accuracy", (6, 7)),
    ),
    layers=(
        Layer(
            "conv2d",
            "Conv2D",
            (223, 223, 10),
            130,
            12929540,
            17,
            ("conv2d/kernel", "conv2d/bias"),
        ),
        Layer("max_pooling2d", "MaxPooling2D", (111, 111, 10), 0, 492840, 17),
        Layer("flatten", "Flatten", (123210,), 0, 0, 17),
        Layer(
            "dense",
            "Dense",
            (32,),
            3942752,
            7885504,
            18,
            ("dense/kernel", "dense/bias"),
        ),
        Layer(
            "embedding", "Embedding", (1, 32), 3200, 0, 19, ("embedding/embeddings",)
        ),
        Layer("flatten_1", "Flatten", (32,), 0, 0, 19),
        Layer(
            "dense_1",
            "Dense",
            (100,),
            3300,
            6500,
            20,
            ("dense_1/kernel", "dense_1/bias"),
        ),
    ),
    trainable=3949408,
    size=3949408,
    slots={"momentum": 0.0, "velocity": 0.0},
    optimizer=Adam(learning_rate=0.001),
    totals=8,
    feeds=(
        "image",
        "label",
        "digit_target",
        "distance_target",
        "digit_sample_weight",
        "distance_sample_weight",
    ),
    views=(
        View(
            "features",
            (Input("image", "float32", (224, 224, 3)),),
            (Output("features", (32,)),),
            ("image",),
        ),
    ),
)


class CentreLoss(Model):
    """A hundred classes, and how far each picture is from the centre of its class."""

    spec = SPEC
    programs = Programs(
        train=(Steps(gradients, 1017448, 0, 49657010), Steps(update, 1017448, 0, 0)),
        gradient=(Steps(gradients, 1017448, 0, 49657010),),
        evaluate=(Steps(evaluate, 771299, 0, 21317168),),
        predict=(Steps(predict, 771394, 0, 21316648, lot=8),),
        few=(Steps(predict_few, 771394, 0, 21316648),),
        views={"features": (Steps(features, 771060, 0, 21307884),)},
    )


SOURCE_NAME = "26_centre_loss.k"
SOURCE_MAP = {
    "compute_conv2d": (17,),
    "compute_max_pooling2d": (17,),
    "compute_dense": (18,),
    "gradient_of_flatten_1": (19, 21),
    "compute_dense_1_add": (20,),
    "gradient_of_dense_1_add": (20, 25, 27),
    "compute_distance_loss_multiply_1": (21, 25),
    "compute_figures": (17, 25, 27),
    "gradient_of_dense_1_bias": (20,),
    "gradient_of_dense_add": (18, 20),
    "gradient_of_dense_1_kernel": (20,),
    "gradient_of_embedding_embeddings": (19,),
    "gradient_of_dense_bias": (18,),
    "gradient_of_flatten_dot": (18,),
    "gradient_of_dense_kernel": (18,),
    "gradient_of_max_pooling2d_pool_where": (17,),
    "gradient_of_max_pooling2d_1": (17,),
    "gradient_of_conv2d_add": (17,),
    "gradient_of_conv2d_bias_sum": (17,),
    "gradient_of_conv2d_bias_sum_1": (17,),
    "gradient_of_conv2d_kernel_parts": (17,),
    "gradient_of_conv2d_kernel": (17,),
    "update_weights": (),
    "compute_subtract": (19, 21),
    "compute_dense_1_add_2": (20,),
    "compute_digit_accuracy_min": (20, 25, 27),
    "compute_dense_1": (20,),
    "compute_sum": (21,),
    "compute_dense_1_add_few": (20,),
}
SOURCE = """\
# Centre loss: besides its class, each picture has a centre, the row of an embedding at its
# label. Pulling features towards their class's centre makes classes compact, which a face
# recogniser needs. The label is an input, as the centre is looked up by it; the second output is
# the squared distance, whose mean is the second loss.

param size = 224
param classes = 100

loss itself(y_true, y_pred):
    \"\"\"The prediction as its own loss; the target is not looked at.\"\"\"
    return mean(y_pred, axis=-1)

model CentreLoss:
    \"\"\"A hundred classes, and how far each picture is from the centre of its class.\"\"\"
    input image: float32[size, size, 3]
    input label: int32[1]
    x = image |> Conv2D(10, 2, activation="relu") |> MaxPooling2D(2) |> Flatten()
    feature = x |> Dense(32, activation="relu")
    centre = label |> Embedding(classes, 32) |> Flatten()
    output digit = feature |> Dense(classes, activation="softmax")
    output distance = sum(square(feature - centre), axis=-1, keepdims=True)
    view features(image) = feature
    train:
        optimizer = Adam(learning_rate=1e-3)
        loss = {"digit": "sparse_categorical_crossentropy", "distance": itself}
        loss_weights = {"digit": 1.0, "distance": 0.2}
        metrics = {"digit": ["accuracy"]}
"""
