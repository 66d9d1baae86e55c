"""BinaryMlp, as native code.

Built by kgen 0.1.0 from 03_mlp_binary.k; edit that, not this.

layer      kind       output       weights  line
dense      Dense      (batch, 64)    1,344     8
dropout    Dropout    (batch, 64)        0     8
dense_1    Dense      (batch, 64)    4,160     9
dropout_1  Dropout    (batch, 64)        0     9
dense_2    Dense      (batch, 1)        65    10
total      BinaryMlp                 5,569
"""

from kgen.runtime.kernels import kernel, sync
from kgen.runtime.memory import Programs, Steps
from kgen.runtime.model import Model
from kgen.runtime.optimizers import RMSprop
from kgen.runtime.spec import Input, Layer, Metric, Output, Spec, Target, Weight
from kgen.runtime.tiles import (
    HALF_ROWS,
    LANES,
    ROWS,
    absolute,
    exp,
    full,
    load,
    load_scalar,
    log1p,
    matrix,
    maximum,
    outer,
    outer_t,
    pack_t,
    prefetch_write,
    random_key,
    row_sum,
    select,
    share,
    share_batch,
    sigmoid,
    sqrt,
    square,
    store,
    store_rows,
    uniform,
    zeros,
)

WEIGHTS = (
    Weight("dense/kernel", (20, 64), 0, "GlorotUniform", {"seed": None}),
    Weight("dense/bias", (64,), 1280, "Zeros", {}),
    Weight("dense_1/kernel", (64, 64), 1344, "GlorotUniform", {"seed": None}),
    Weight("dense_1/bias", (64,), 5440, "Zeros", {}),
    Weight("dense_2/kernel", (64, 1), 5504, "GlorotUniform", {"seed": None}),
    Weight("dense_2/bias", (1,), 5568, "Zeros", {}),
)


@kernel
def compute_dropout(thread, threads, batch, clock, args):
    """Line 8 of the model. 2,752 FLOPs a row."""
    features = matrix(args, 0, batch, 20)
    dense_kernel = matrix(args, 1, 20, 64)
    dense_bias = matrix(args, 2, 1, 64)
    dropout = matrix(args, 3, batch, 64)
    key = random_key(clock, 0)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(20):
                acc = outer(acc, features, i, k, dense_kernel, k, j)
            dense = maximum(acc + load(dense_bias, 0, j, 1, 2), 0.0)
            random_uniform = uniform(key[0], key[1], i, j, 64, ROWS, 2)
            dropout_tile = select(random_uniform >= 0.5, dense * 2.0, 0.0)
            store(dropout, i, j, dropout_tile)


@kernel
def compute_dropout_1(thread, threads, batch, clock, args):
    """Line 9 of the model. 8,384 FLOPs a row."""
    dropout = matrix(args, 0, batch, 64)
    dense_1_kernel = matrix(args, 1, 64, 64)
    dense_1_bias = matrix(args, 2, 1, 64)
    dropout_1 = matrix(args, 3, batch, 64)
    key = random_key(clock, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(64):
                acc = outer(acc, dropout, i, k, dense_1_kernel, k, j)
            dense_1 = maximum(acc + load(dense_1_bias, 0, j, 1, 2), 0.0)
            random_uniform_1 = uniform(key[0], key[1], i, j, 64, ROWS, 2)
            dropout_1_greater_equal = random_uniform_1 >= 0.5
            dropout_1_tile = select(dropout_1_greater_equal, dense_1 * 2.0, 0.0)
            store(dropout_1, i, j, dropout_1_tile)


@kernel
def gradient_of_dense_2_add(thread, threads, batch, clock, args):
    """Lines 10, 13. 190 FLOPs a row."""
    dropout_1 = matrix(args, 0, batch, 64)
    dense_2_kernel = matrix(args, 1, 1, 64)
    dense_2_bias = matrix(args, 2, 1, 1)
    dense_2 = matrix(args, 3, batch, 1)
    yes_target = matrix(args, 4, batch, 1)
    yes_sample_weight = matrix(args, 5, batch, 1)
    yes_loss_multiply_1 = matrix(args, 6, batch, 1)
    d_dense_2_add = matrix(args, 7, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, ROWS):
        acc = zeros(ROWS, 1)
        for k in range(0, 64, LANES):
            rows = load(dropout_1, i, k, ROWS, 1)
            column = load(dense_2_kernel, 0, k, 1, 1)
            acc = acc + rows * column
        acc = row_sum(acc)
        dense_2_add = acc + load(dense_2_bias, 0, 0, 1, 1)
        dense_2_tile = sigmoid(dense_2_add)
        store(dense_2, i, 0, dense_2_tile)
        yes_loss_log1p = log1p(exp(-absolute(dense_2_add)))
        yes_loss_as_float = select(dense_2_add > 0.0, 1.0, 0.0)
        yes_target_tile = load(yes_target, i, 0, ROWS, 1)
        yes_loss_subtract = yes_loss_as_float - yes_target_tile
        yes_loss_multiply = yes_loss_subtract * dense_2_add
        yes_loss_sigmoid_crossentropy = yes_loss_log1p + yes_loss_multiply
        yes_sample_weight_tile = load(yes_sample_weight, i, 0, ROWS, 1)
        yes_loss_multiply_1_tile = (
            yes_loss_sigmoid_crossentropy * yes_sample_weight_tile
        )
        store(yes_loss_multiply_1, i, 0, yes_loss_multiply_1_tile)
        d_yes_loss_sum_2 = 1.0 / full(1, 1, batch)
        d_reshape = d_yes_loss_sum_2 * yes_sample_weight_tile
        d_dense_2_add_tile = d_reshape * (dense_2_tile - yes_target_tile)
        store(d_dense_2_add, i, 0, d_dense_2_add_tile)


@kernel
def compute_figures(thread, threads, batch, clock, args):
    """Line 13 of the model. 1 FLOPs a row, 5 FLOPs."""
    yes_loss_multiply_1 = matrix(args, 0, batch, 1)
    multiply = matrix(args, 1, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(yes_loss_multiply_1, i, j, 1, 1)
        yes_loss = summed / full(1, 1, batch)
        store(multiply, 0, j, yes_loss * full(1, 1, batch))


@kernel
def compute_copy_1(thread, threads, batch, clock, args):
    """Lines 8, 10, 14. 2 FLOPs a row, 2 FLOPs."""
    yes_target = matrix(args, 0, batch, 1)
    dense_2 = matrix(args, 1, batch, 1)
    d_dense_2_add = matrix(args, 2, batch, 1)
    accuracy_sum_1 = matrix(args, 3, 1, 1)
    d_dense_2_bias = matrix(args, 4, 1, 1)
    copy = matrix(args, 5, 1, 1)
    copy_1 = matrix(args, 6, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        summed_2 = full(1, 1, 0.0)
        for i in range(batch):
            accuracy_greater = load(dense_2, i, j, 1, 1) > 0.5
            accuracy_as_float = select(accuracy_greater, 1.0, 0.0)
            accuracy_equal = load(yes_target, i, j, 1, 1) == accuracy_as_float
            summed = summed + select(accuracy_equal, 1.0, 0.0)
            summed_2 = summed_2 + load(d_dense_2_add, i, j, 1, 1)
        store(accuracy_sum_1, 0, j, summed)
        store(d_dense_2_bias, 0, j, summed_2)
        store(copy, 0, j, full(1, 1, batch))
        store(copy_1, 0, j, full(1, 1, batch))


@kernel
def gradient_of_dense_1_add(thread, threads, batch, clock, args):
    """Lines 9, 10. 192 FLOPs a row."""
    d_dense_2_add = matrix(args, 0, batch, 1)
    dense_2_kernel = matrix(args, 1, 64, 1)
    dropout_1 = matrix(args, 2, batch, 64)
    d_dense_1_add = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        panel = pack_t(dense_2_kernel, j, 0, 1, 2, 1)
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(1):
                acc = outer(acc, d_dense_2_add, i, k, panel, k, 0)
            kept = load(dropout_1, i, j, ROWS, 2) > 0.0
            store(d_dense_1_add, i, j, select(kept, acc * 2.0, 0.0))


@kernel
def gradient_of_dense_2_kernel_parts(thread, threads, batch, clock, args):
    """Line 10 of the model. 128 FLOPs a row."""
    dropout_1 = matrix(args, 0, batch, 64)
    d_dense_2_add = matrix(args, 1, batch, 1)
    d_dense_2_kernel_parts = matrix(args, 2, threads * 64, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 1, LANES):
        for i in range(0, 64, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(first, last):
                acc = outer_t(acc, dropout_1, k, i, d_dense_2_add, k, j)
            store(d_dense_2_kernel_parts, thread * 64 + i, j, acc)


@kernel
def gradient_of_dense_2_kernel(thread, threads, batch, clock, args):
    """Line 10 of the model. 64 FLOPs."""
    d_dense_2_kernel_parts = matrix(args, 0, threads, 64)
    d_dense_2_kernel = matrix(args, 1, 1, 64)
    first, last = share(64, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_2_kernel_parts, i, j, 1, 4)
        store(d_dense_2_kernel, 0, j, summed)


@kernel
def gradient_of_dense_1_bias_parts(thread, threads, batch, clock, args):
    """Lines 8, 9. 64 FLOPs a row."""
    d_dense_1_add = matrix(args, 0, batch, 64)
    d_dense_1_bias_parts = matrix(args, 1, threads, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 4 * LANES):
        acc = zeros(1, 4)
        for i in range(first, last):
            acc = acc + load(d_dense_1_add, i, j, 1, 4)
        store(d_dense_1_bias_parts, thread, j, acc)


@kernel
def gradient_of_dense_bias(thread, threads, batch, clock, args):
    """Lines 8, 9. 128 FLOPs."""
    d_dense_1_bias_parts = matrix(args, 0, threads, 64)
    d_dense_bias_parts = matrix(args, 1, threads, 64)
    d_dense_1_bias = matrix(args, 2, 1, 64)
    d_dense_bias = matrix(args, 3, 1, 64)
    first, last = share(64, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        summed_2 = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_1_bias_parts, i, j, 1, 4)
            summed_2 = summed_2 + load(d_dense_bias_parts, i, j, 1, 4)
        store(d_dense_1_bias, 0, j, summed)
        store(d_dense_bias, 0, j, summed_2)


@kernel
def gradient_of_dense_add(thread, threads, batch, clock, args):
    """Lines 8, 9. 8,256 FLOPs a row."""
    d_dense_1_add = matrix(args, 0, batch, 64)
    dense_1_kernel = matrix(args, 1, 64, 64)
    dropout = matrix(args, 2, batch, 64)
    d_dense_add = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        panel = pack_t(dense_1_kernel, j, 0, 64, 2, 64)
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(64):
                acc = outer(acc, d_dense_1_add, i, k, panel, k, 0)
            kept_1 = load(dropout, i, j, ROWS, 2) > 0.0
            store(d_dense_add, i, j, select(kept_1, acc * 2.0, 0.0))


@kernel
def gradient_of_dense_1_kernel_parts(thread, threads, batch, clock, args):
    """Line 9 of the model. 8,192 FLOPs a row."""
    dropout = matrix(args, 0, batch, 64)
    d_dense_1_add = matrix(args, 1, batch, 64)
    d_dense_1_kernel_parts = matrix(args, 2, threads * 64, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(0, 64, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(first, last):
                acc = outer_t(acc, dropout, k, i, d_dense_1_add, k, j)
            store(d_dense_1_kernel_parts, thread * 64 + i, j, acc)


@kernel
def gradient_of_dense_1_kernel(thread, threads, batch, clock, args):
    """Line 9 of the model. 4,096 FLOPs."""
    d_dense_1_kernel_parts = matrix(args, 0, threads, 4096)
    d_dense_1_kernel = matrix(args, 1, 1, 4096)
    first, last = share(4096, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_1_kernel_parts, i, j, 1, 4)
        store(d_dense_1_kernel, 0, j, summed)


@kernel
def gradient_of_dense_kernel_parts(thread, threads, batch, clock, args):
    """Line 8 of the model. 2,560 FLOPs a row."""
    features = matrix(args, 0, batch, 20)
    d_dense_add = matrix(args, 1, batch, 64)
    d_dense_kernel_parts = matrix(args, 2, threads * 20, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 2 * LANES):
        for i in range(0, 20, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(first, last):
                acc = outer_t(acc, features, k, i, d_dense_add, k, j)
            store_rows(d_dense_kernel_parts, thread * 20 + i, j, acc, 20 - i)


@kernel
def gradient_of_dense_kernel(thread, threads, batch, clock, args):
    """Line 8 of the model. 1,280 FLOPs."""
    d_dense_kernel_parts = matrix(args, 0, threads, 1280)
    d_dense_kernel = matrix(args, 1, 1, 1280)
    first, last = share(1280, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_kernel_parts, i, j, 1, 4)
        store(d_dense_kernel, 0, j, summed)


@kernel
def update_weights(thread, threads, batch, clock, args):
    """All weights at once. 72,592 FLOPs."""
    velocity = matrix(args, 0, 1, 5584)
    gradients = matrix(args, 1, 1, 5584)
    learning_rate = matrix(args, 2, 1, 1)
    weights = matrix(args, 3, 1, 5584)
    first, last = share(5584, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        prefetch_write(velocity, 0, j + 16 * LANES, 1, 4)
        prefetch_write(weights, 0, j + 16 * LANES, 1, 4)
        gradients_tile = load(gradients, 0, j, 1, 4)
        multiply_1 = 0.1 * square(gradients_tile)
        add_tile = (0.9 * load(velocity, 0, j, 1, 4)) + multiply_1
        store(velocity, 0, j, add_tile)
        learning_rate_2 = load_scalar(learning_rate, 0, 0)
        divide = (learning_rate_2 * gradients_tile) / sqrt(add_tile + 1e-07)
        store(weights, 0, j, load(weights, 0, j, 1, 4) - divide)


@kernel
def compute_dense(thread, threads, batch, clock, args):
    """Line 8 of the model. 2,688 FLOPs a row."""
    features = matrix(args, 0, batch, 20)
    dense_kernel = matrix(args, 1, 20, 64)
    dense_bias = matrix(args, 2, 1, 64)
    dense = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(20):
                acc = outer(acc, features, i, k, dense_kernel, k, j)
            store(dense, i, j, maximum(acc + load(dense_bias, 0, j, 1, 4), 0.0))


@kernel
def compute_dense_1(thread, threads, batch, clock, args):
    """Line 9 of the model. 8,320 FLOPs a row."""
    dense = matrix(args, 0, batch, 64)
    dense_1_kernel = matrix(args, 1, 64, 64)
    dense_1_bias = matrix(args, 2, 1, 64)
    dense_1 = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(64):
                acc = outer(acc, dense, i, k, dense_1_kernel, k, j)
            dense_1_tile = maximum(acc + load(dense_1_bias, 0, j, 1, 4), 0.0)
            store(dense_1, i, j, dense_1_tile)


@kernel
def compute_yes_loss_multiply_1(thread, threads, batch, clock, args):
    """Lines 10, 13. 188 FLOPs a row."""
    dense_1 = matrix(args, 0, batch, 64)
    dense_2_kernel = matrix(args, 1, 1, 64)
    dense_2_bias = matrix(args, 2, 1, 1)
    dense_2 = matrix(args, 3, batch, 1)
    yes_target = matrix(args, 4, batch, 1)
    yes_sample_weight = matrix(args, 5, batch, 1)
    yes_loss_multiply_1 = matrix(args, 6, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, ROWS):
        acc = zeros(ROWS, 1)
        for k in range(0, 64, LANES):
            rows = load(dense_1, i, k, ROWS, 1)
            column = load(dense_2_kernel, 0, k, 1, 1)
            acc = acc + rows * column
        acc = row_sum(acc)
        dense_2_add = acc + load(dense_2_bias, 0, 0, 1, 1)
        store(dense_2, i, 0, sigmoid(dense_2_add))
        yes_loss_log1p = log1p(exp(-absolute(dense_2_add)))
        yes_loss_as_float = select(dense_2_add > 0.0, 1.0, 0.0)
        yes_target_tile = load(yes_target, i, 0, ROWS, 1)
        yes_loss_subtract = yes_loss_as_float - yes_target_tile
        yes_loss_multiply = yes_loss_subtract * dense_2_add
        yes_loss_sigmoid_crossentropy = yes_loss_log1p + yes_loss_multiply
        yes_sample_weight_tile = load(yes_sample_weight, i, 0, ROWS, 1)
        yes_loss_multiply_1_tile = (
            yes_loss_sigmoid_crossentropy * yes_sample_weight_tile
        )
        store(yes_loss_multiply_1, i, 0, yes_loss_multiply_1_tile)


@kernel
def compute_figures_2(thread, threads, batch, clock, args):
    """Line 14 of the model. 1 FLOPs a row, 2 FLOPs."""
    yes_target = matrix(args, 0, batch, 1)
    dense_2 = matrix(args, 1, batch, 1)
    accuracy_sum_1 = matrix(args, 2, 1, 1)
    copy = matrix(args, 3, 1, 1)
    copy_1 = matrix(args, 4, 1, 1)
    first, last = share(1, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        for i in range(batch):
            accuracy_greater = load(dense_2, i, j, 1, 1) > 0.5
            accuracy_as_float = select(accuracy_greater, 1.0, 0.0)
            accuracy_equal = load(yes_target, i, j, 1, 1) == accuracy_as_float
            summed = summed + select(accuracy_equal, 1.0, 0.0)
        store(accuracy_sum_1, 0, j, summed)
        store(copy, 0, j, full(1, 1, batch))
        store(copy_1, 0, j, full(1, 1, batch))


@kernel
def compute_dense_2(thread, threads, batch, clock, args):
    """Line 10 of the model. 149 FLOPs a row."""
    dense_1 = matrix(args, 0, batch, 64)
    dense_2_kernel = matrix(args, 1, 1, 64)
    dense_2_bias = matrix(args, 2, 1, 1)
    dense_2 = matrix(args, 3, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, ROWS):
        acc = zeros(ROWS, 1)
        for k in range(0, 64, LANES):
            rows = load(dense_1, i, k, ROWS, 1)
            column = load(dense_2_kernel, 0, k, 1, 1)
            acc = acc + rows * column
        acc = row_sum(acc)
        store(dense_2, i, 0, sigmoid(acc + load(dense_2_bias, 0, 0, 1, 1)))


@kernel
def compute_dense_few(thread, threads, batch, clock, args):
    """Line 8 of the model. 2,688 FLOPs a row."""
    features = matrix(args, 0, batch, 20)
    dense_kernel = matrix(args, 1, 20, 64)
    dense_bias = matrix(args, 2, 1, 64)
    dense = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(20):
                acc = outer(acc, features, i, k, dense_kernel, k, j)
            store(dense, i, j, maximum(acc + load(dense_bias, 0, j, 1, 4), 0.0))


@kernel
def compute_dense_1_few(thread, threads, batch, clock, args):
    """Line 9 of the model. 8,320 FLOPs a row."""
    dense = matrix(args, 0, batch, 64)
    dense_1_kernel = matrix(args, 1, 64, 64)
    dense_1_bias = matrix(args, 2, 1, 64)
    dense_1 = matrix(args, 3, batch, 64)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 64, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(64):
                acc = outer(acc, dense, i, k, dense_1_kernel, k, j)
            dense_1_tile = maximum(acc + load(dense_1_bias, 0, j, 1, 4), 0.0)
            store(dense_1, i, j, dense_1_tile)


def gradients(m):
    """Forward, loss and backward of one batch of training."""
    features = m.rows(256, 20)
    dropout = m.rows(0, 64)
    dropout_1 = m.rows(64, 64)
    dense_2 = m.rows(278, 1)
    yes_target = m.rows(276, 1)
    yes_sample_weight = m.rows(277, 1)
    yes_loss_multiply_1 = m.rows(279, 1)
    d_dense_2_add = m.rows(280, 1)
    d_dense_1_add = m.rows(128, 64)
    d_dense_2_kernel_parts = m.parts(64)
    d_dense_1_bias_parts = m.parts(64)
    d_dense_add = m.rows(192, 64)
    d_dense_1_kernel_parts = m.parts(4096)
    d_dense_bias_parts = m.parts(64)
    d_dense_kernel_parts = m.parts(1280)
    return [
        m.feed("features", features, 20),
        m.feed("yes_target", yes_target, 1),
        m.feed("yes_sample_weight", yes_sample_weight, 1),
        compute_dropout(
            features, m.weight("dense/kernel"), m.weight("dense/bias"), dropout
        ),
        compute_dropout_1(
            dropout, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dropout_1
        ),
        gradient_of_dense_2_add(
            dropout_1,
            m.weight("dense_2/kernel"),
            m.weight("dense_2/bias"),
            dense_2,
            yes_target,
            yes_sample_weight,
            yes_loss_multiply_1,
            d_dense_2_add,
        ),
        gradient_of_dense_1_add(
            d_dense_2_add, m.weight("dense_2/kernel"), dropout_1, d_dense_1_add
        ),
        gradient_of_dense_2_kernel_parts(
            dropout_1, d_dense_2_add, d_dense_2_kernel_parts
        ),
        gradient_of_dense_1_bias_parts(d_dense_1_add, d_dense_1_bias_parts),
        gradient_of_dense_add(
            d_dense_1_add, m.weight("dense_1/kernel"), dropout, d_dense_add
        ),
        gradient_of_dense_1_kernel_parts(
            dropout, d_dense_1_add, d_dense_1_kernel_parts
        ),
        gradient_of_dense_1_bias_parts(d_dense_add, d_dense_bias_parts),
        gradient_of_dense_kernel_parts(features, d_dense_add, d_dense_kernel_parts),
        sync,
        compute_figures(yes_loss_multiply_1, m.figure(0)),
        compute_copy_1(
            yes_target,
            dense_2,
            d_dense_2_add,
            m.figure(2),
            m.gradient("dense_2/bias"),
            m.figure(1),
            m.figure(3),
        ),
        gradient_of_dense_2_kernel(
            d_dense_2_kernel_parts, m.gradient("dense_2/kernel")
        ),
        gradient_of_dense_bias(
            d_dense_1_bias_parts,
            d_dense_bias_parts,
            m.gradient("dense_1/bias"),
            m.gradient("dense/bias"),
        ),
        gradient_of_dense_1_kernel(
            d_dense_1_kernel_parts, m.gradient("dense_1/kernel")
        ),
        gradient_of_dense_kernel(d_dense_kernel_parts, m.gradient("dense/kernel")),
    ]


def update(m):
    """The optimizer's step."""
    return [
        update_weights(m.slot("velocity"), m.gradients(), m.scalar(0), m.weights()),
    ]


def evaluate(m):
    """Loss and metrics of one batch."""
    features = m.rows(128, 20)
    dense = m.rows(0, 64)
    dense_1 = m.rows(64, 64)
    dense_2 = m.rows(150, 1)
    yes_target = m.rows(148, 1)
    yes_sample_weight = m.rows(149, 1)
    yes_loss_multiply_1 = m.rows(151, 1)
    return [
        m.feed("features", features, 20),
        m.feed("yes_target", yes_target, 1),
        m.feed("yes_sample_weight", yes_sample_weight, 1),
        compute_dense(
            features, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_dense_1(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_yes_loss_multiply_1(
            dense_1,
            m.weight("dense_2/kernel"),
            m.weight("dense_2/bias"),
            dense_2,
            yes_target,
            yes_sample_weight,
            yes_loss_multiply_1,
        ),
        sync,
        compute_figures(yes_loss_multiply_1, m.figure(0)),
        compute_figures_2(yes_target, dense_2, m.figure(2), m.figure(1), m.figure(3)),
    ]


def predict(m):
    """The outputs of one batch."""
    features = m.rows(128, 20)
    dense = m.rows(0, 64)
    dense_1 = m.rows(64, 64)
    dense_2 = m.rows(148, 1)
    return [
        m.feed("features", features, 20),
        compute_dense(
            features, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_dense_1(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_dense_2(
            dense_1, m.weight("dense_2/kernel"), m.weight("dense_2/bias"), dense_2
        ),
        m.result("yes", dense_2, 1),
    ]


def predict_few(m):
    """The outputs of one row, or of a few."""
    features = m.rows(128, 20)
    dense = m.rows(0, 64)
    dense_1 = m.rows(64, 64)
    dense_2 = m.rows(148, 1)
    return [
        m.feed("features", features, 20),
        compute_dense_few(
            features, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_dense_1_few(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_dense_2(
            dense_1, m.weight("dense_2/kernel"), m.weight("dense_2/bias"), dense_2
        ),
        m.result("yes", dense_2, 1),
    ]


SPEC = Spec(
    name="BinaryMlp",
    source="03_mlp_binary.k",
    version="0.1.0",
    fingerprint="32f0269d3586ab90-ec5f91181fec700d-09ea087a47328a61",
    inputs=(Input("features", "float32", (20,)),),
    outputs=(Output("yes", (1,)),),
    targets=(Target("yes", "float32", (1,)),),
    weights=WEIGHTS,
    metrics=(Metric("loss", (0, 1)), Metric("accuracy", (2, 3))),
    layers=(
        Layer("dense", "Dense", (64,), 1344, 2688, 8, ("dense/kernel", "dense/bias")),
        Layer("dropout", "Dropout", (64,), 0, 0, 8),
        Layer(
            "dense_1", "Dense", (64,), 4160, 8320, 9, ("dense_1/kernel", "dense_1/bias")
        ),
        Layer("dropout_1", "Dropout", (64,), 0, 0, 9),
        Layer(
            "dense_2", "Dense", (1,), 65, 149, 10, ("dense_2/kernel", "dense_2/bias")
        ),
    ),
    trainable=5584,
    size=5584,
    slots={"velocity": 0.0},
    optimizer=RMSprop(learning_rate=0.001),
    totals=4,
    feeds=("features", "yes_target", "yes_sample_weight"),
)


class BinaryMlp(Model):
    """Twenty features to the probability of a yes."""

    spec = SPEC
    programs = Programs(
        train=(Steps(gradients, 281, 0, 30785), Steps(update, 281, 0, 0)),
        gradient=(Steps(gradients, 281, 0, 30785),),
        evaluate=(Steps(evaluate, 152, 0, 11198),),
        predict=(Steps(predict, 149, 0, 11157),),
        few=(Steps(predict_few, 149, 0, 11157),),
    )


SOURCE_NAME = "03_mlp_binary.k"
SOURCE_MAP = {
    "compute_dropout": (8,),
    "compute_dropout_1": (9,),
    "gradient_of_dense_2_add": (10, 13),
    "compute_figures": (13,),
    "compute_copy_1": (8, 10, 14),
    "gradient_of_dense_1_add": (9, 10),
    "gradient_of_dense_2_kernel_parts": (10,),
    "gradient_of_dense_2_kernel": (10,),
    "gradient_of_dense_1_bias_parts": (8, 9),
    "gradient_of_dense_bias": (8, 9),
    "gradient_of_dense_add": (8, 9),
    "gradient_of_dense_1_kernel_parts": (9,),
    "gradient_of_dense_1_kernel": (9,),
    "gradient_of_dense_kernel_parts": (8,),
    "gradient_of_dense_kernel": (8,),
    "update_weights": (),
    "compute_dense": (8,),
    "compute_dense_1": (9,),
    "compute_yes_loss_multiply_1": (10, 13),
    "compute_figures_2": (14,),
    "compute_dense_2": (10,),
    "compute_dense_few": (8,),
    "compute_dense_1_few": (9,),
}
SOURCE = """\
# Two classes: one sigmoid unit and binary crossentropy, computed together from
# the logits, so that large ones stay finite.

model BinaryMlp:
    \"\"\"Twenty features to the probability of a yes.\"\"\"
    input features: float32[20]
    output yes = features
        |> Dense(64, activation="relu") |> Dropout(0.5)
        |> Dense(64, activation="relu") |> Dropout(0.5)
        |> Dense(1, activation="sigmoid")
    train:
        optimizer = "rmsprop"
        loss = "binary_crossentropy"
        metrics = ["accuracy"]
"""
