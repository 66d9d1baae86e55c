"""LargeFiles, as native code.

Built by kgen 0.1.0 from 33_large_files.k; edit that, not this.

layer    kind        output        weights  line
dense    Dense       (batch, 128)  100,480     8
dense_1  Dense       (batch, 10)     1,290     8
total    LargeFiles                101,770
"""

import numpy as np
from kgen.runtime.kernels import kernel, sync
from kgen.runtime.memory import Programs, Steps, vectors_for
from kgen.runtime.model import Model
from kgen.runtime.optimizers import Adam
from kgen.runtime.spec import Input, Layer, Metric, Output, Spec, Target, Weight
from kgen.runtime.tiles import (
    HALF_ROWS,
    LANES,
    ROWS,
    exp,
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
    zeros,
)

VECTORS_10 = vectors_for(10)

WEIGHTS = (
    Weight("dense/kernel", (784, 128), 0, "GlorotUniform", {"seed": None}),
    Weight("dense/bias", (128,), 100352, "Zeros", {}),
    Weight("dense_1/kernel", (128, 10), 100480, "GlorotUniform", {"seed": None}),
    Weight("dense_1/bias", (10,), 101760, "Zeros", {}),
)


@kernel
def compute_dense(thread, threads, batch, clock, args):
    """Line 8 of the model. 200,960 FLOPs a row."""
    image = matrix(args, 0, batch, 784)
    dense_kernel = matrix(args, 1, 784, 128)
    dense_bias = matrix(args, 2, 1, 128)
    dense = matrix(args, 3, batch, 128)
    first, last = share_batch(clock, batch, thread, threads)
    for top in range(first, last, 64):
        bottom = min(top + 64, last)
        for start in range(0, 784, 112):
            stop = min(start + 112, 784)
            for j in range(0, 128, 4 * LANES):
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
def compute_dense_1_add(thread, threads, batch, clock, args):
    """Line 8 of the model. 2,570 FLOPs a row."""
    dense = matrix(args, 0, batch, 128)
    dense_1_kernel = matrix(args, 1, 128, 10)
    dense_1_bias = matrix(args, 2, 1, 10)
    dense_1_add = matrix(args, 3, batch, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 10, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(128):
                acc = outer(acc, dense, i, k, dense_1_kernel, k, j)
            store(dense_1_add, i, j, acc + load(dense_1_bias, 0, j, 1, 1))


@kernel
def gradient_of_dense_1_add(thread, threads, batch, clock, args):
    """Lines 8, 11, 12. 326 FLOPs a row."""
    dense_1_add = matrix(args, 0, batch, 10)
    digit_target = imatrix(args, 1, batch, 1)
    digit_sample_weight = matrix(args, 2, batch, 1)
    digit_loss_multiply_2 = matrix(args, 3, batch, 1)
    accuracy_min = matrix(args, 4, batch, 1)
    d_dense_1_add = matrix(args, 5, batch, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        dense_1_add_tile = load(dense_1_add, i, 0, 2, VECTORS_10)
        dense_1_max = row_max(keep_columns(dense_1_add_tile, 0, 10, -np.inf))
        dense_1_subtract = dense_1_add_tile - dense_1_max
        dense_1_exp = exp(dense_1_subtract)
        dense_1_sum = row_sum(keep_columns(dense_1_exp, 0, 10, 0.0))
        dense_1 = dense_1_exp / dense_1_sum
        digit_loss_log_softmax = dense_1_subtract - log(dense_1_sum)
        index = lane_index(0, VECTORS_10)
        digit_loss_equal = index == load_column(digit_target, i, 2)
        digit_loss_as_float_1 = select(digit_loss_equal, 1.0, 0.0)
        digit_loss_multiply = digit_loss_as_float_1 * digit_loss_log_softmax
        digit_loss_sum_1 = row_sum(keep_columns(digit_loss_multiply, 0, 10, 0.0))
        digit_loss_negative = -digit_loss_sum_1
        digit_sample_weight_tile = load_column(digit_sample_weight, i, 2)
        digit_loss_multiply_2_tile = digit_loss_negative * digit_sample_weight_tile
        store_column(digit_loss_multiply_2, i, digit_loss_multiply_2_tile)
        accuracy_max = row_max(keep_columns(dense_1, 0, 10, -np.inf))
        accuracy_where = select(dense_1 == accuracy_max, index, 10.0)
        accuracy_min_tile = row_min(keep_columns(accuracy_where, 0, 10, np.inf))
        store_column(accuracy_min, i, accuracy_min_tile)
        d_digit_loss_sum_2 = 1.0 / full(1, 1, batch)
        d_digit_loss_negative_1 = d_digit_loss_sum_2 * digit_sample_weight_tile
        negative = -d_digit_loss_negative_1
        d_digit_loss_log_softmax = negative * digit_loss_as_float_1
        d_digit_loss_sum_1_1 = row_sum(
            keep_columns(d_digit_loss_log_softmax, 0, 10, 0.0)
        )
        d_digit_loss_multiply_8 = dense_1 * d_digit_loss_sum_1_1
        d_dense_1_add_tile = d_digit_loss_log_softmax - d_digit_loss_multiply_8
        store(d_dense_1_add, i, 0, d_dense_1_add_tile)


@kernel
def compute_figures(thread, threads, batch, clock, args):
    """Lines 8, 11, 12. 2 FLOPs a row, 7 FLOPs."""
    digit_loss_multiply_2 = matrix(args, 0, batch, 1)
    digit_target = imatrix(args, 1, batch, 1)
    accuracy_min = matrix(args, 2, batch, 1)
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
            digit_loss_as_float = load(digit_target, i, j, 1, 1)
            accuracy_min_tile = load(accuracy_min, i, j, 1, 1)
            accuracy_equal_1 = digit_loss_as_float == accuracy_min_tile
            summed_2 = summed_2 + select(accuracy_equal_1, 1.0, 0.0)
        digit_loss = summed / full(1, 1, batch)
        batch_size = full(1, 1, batch)
        store(multiply, 0, j, digit_loss * batch_size)
        store(accuracy_sum, 0, j, summed_2)
        store(copy, 0, j, batch_size)
        store(copy_1, 0, j, full(1, 1, batch))


@kernel
def gradient_of_dense_1_bias(thread, threads, batch, clock, args):
    """Line 8 of the model. 10 FLOPs a row."""
    d_dense_1_add = matrix(args, 0, batch, 10)
    d_dense_1_bias = matrix(args, 1, 1, 10)
    first, last = share(10, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        for i in range(batch):
            summed = summed + load(d_dense_1_add, i, j, 1, 1)
        store(d_dense_1_bias, 0, j, summed)


@kernel
def gradient_of_dense_add(thread, threads, batch, clock, args):
    """Line 8 of the model. 2,688 FLOPs a row."""
    d_dense_1_add = matrix(args, 0, batch, 10)
    dense_1_kernel = matrix(args, 1, 128, 10)
    dense = matrix(args, 2, batch, 128)
    d_dense_add = matrix(args, 3, batch, 128)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 128, 4 * LANES):
        panel = pack_t(dense_1_kernel, j, 0, 10, 4, 10)
        for i in range(first, last, HALF_ROWS):
            acc = zeros(HALF_ROWS, 4)
            for k in range(10):
                acc = outer(acc, d_dense_1_add, i, k, panel, k, 0)
            d_dense_greater = load(dense, i, j, HALF_ROWS, 4) > 0.0
            store(d_dense_add, i, j, select(d_dense_greater, acc, 0.0))


@kernel
def gradient_of_dense_1_kernel(thread, threads, batch, clock, args):
    """Line 8 of the model. 2,560 FLOPs a row."""
    dense = matrix(args, 0, batch, 128)
    d_dense_1_add = matrix(args, 1, batch, 10)
    d_dense_1_kernel = matrix(args, 2, 128, 10)
    first, last = share(128, ROWS, thread, threads)
    for j in range(0, 10, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(batch):
                acc = outer_t(acc, dense, k, i, d_dense_1_add, k, j)
            store(d_dense_1_kernel, i, j, acc)


@kernel
def gradient_of_dense_bias(thread, threads, batch, clock, args):
    """Line 8 of the model. 128 FLOPs a row."""
    d_dense_add = matrix(args, 0, batch, 128)
    d_dense_bias = matrix(args, 1, 1, 128)
    first, last = share(128, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(batch):
            summed = summed + load(d_dense_add, i, j, 1, 4)
        store(d_dense_bias, 0, j, summed)


@kernel
def gradient_of_dense_kernel(thread, threads, batch, clock, args):
    """Line 8 of the model. 200,704 FLOPs a row."""
    image = matrix(args, 0, batch, 784)
    d_dense_add = matrix(args, 1, batch, 128)
    d_dense_kernel = matrix(args, 2, 784, 128)
    first, last = share(784, ROWS, thread, threads)
    for start in range(0, batch, 128):
        count = min(128, batch - start)
        for j in range(0, 128, 4 * LANES):
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
    """All weights at once. 1,628,416 FLOPs."""
    gradients = matrix(args, 0, 1, 101776)
    momentum = matrix(args, 1, 1, 101776)
    velocity = matrix(args, 2, 1, 101776)
    alpha = matrix(args, 3, 1, 1)
    weights = matrix(args, 4, 1, 101776)
    first, last = share(101776, 4 * LANES, thread, threads)
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
def compute_accuracy_min(thread, threads, batch, clock, args):
    """Lines 8, 11, 12. 286 FLOPs a row."""
    dense_1_add = matrix(args, 0, batch, 10)
    digit_target = imatrix(args, 1, batch, 1)
    digit_sample_weight = matrix(args, 2, batch, 1)
    digit_loss_multiply_2 = matrix(args, 3, batch, 1)
    accuracy_min = matrix(args, 4, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        dense_1_add_tile = load(dense_1_add, i, 0, 2, VECTORS_10)
        dense_1_max = row_max(keep_columns(dense_1_add_tile, 0, 10, -np.inf))
        dense_1_subtract = dense_1_add_tile - dense_1_max
        dense_1_exp = exp(dense_1_subtract)
        dense_1_sum = row_sum(keep_columns(dense_1_exp, 0, 10, 0.0))
        dense_1 = dense_1_exp / dense_1_sum
        digit_loss_log_softmax = dense_1_subtract - log(dense_1_sum)
        index = lane_index(0, VECTORS_10)
        digit_loss_equal = index == load_column(digit_target, i, 2)
        digit_loss_as_float_1 = select(digit_loss_equal, 1.0, 0.0)
        digit_loss_multiply = digit_loss_as_float_1 * digit_loss_log_softmax
        digit_loss_sum_1 = row_sum(keep_columns(digit_loss_multiply, 0, 10, 0.0))
        digit_loss_negative = -digit_loss_sum_1
        digit_sample_weight_tile = load_column(digit_sample_weight, i, 2)
        digit_loss_multiply_2_tile = digit_loss_negative * digit_sample_weight_tile
        store_column(digit_loss_multiply_2, i, digit_loss_multiply_2_tile)
        accuracy_max = row_max(keep_columns(dense_1, 0, 10, -np.inf))
        accuracy_where = select(dense_1 == accuracy_max, index, 10.0)
        accuracy_min_tile = row_min(keep_columns(accuracy_where, 0, 10, np.inf))
        store_column(accuracy_min, i, accuracy_min_tile)


@kernel
def compute_dense_1(thread, threads, batch, clock, args):
    """Line 8 of the model. 220 FLOPs a row."""
    dense_1_add = matrix(args, 0, batch, 10)
    dense_1 = matrix(args, 1, batch, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        dense_1_add_tile = load(dense_1_add, i, 0, 2, VECTORS_10)
        dense_1_max = row_max(keep_columns(dense_1_add_tile, 0, 10, -np.inf))
        dense_1_exp = exp(dense_1_add_tile - dense_1_max)
        dense_1_sum = row_sum(keep_columns(dense_1_exp, 0, 10, 0.0))
        store(dense_1, i, 0, dense_1_exp / dense_1_sum)


@kernel
def compute_dense_few(thread, threads, batch, clock, args):
    """Line 8 of the model. 200,960 FLOPs a row."""
    image = matrix(args, 0, batch, 784)
    dense_kernel = matrix(args, 1, 784, 128)
    dense_bias = matrix(args, 2, 1, 128)
    dense = matrix(args, 3, batch, 128)
    first, last, left, right = share_block(
        clock, batch, 128, 4 * LANES, thread, threads
    )
    for j in range(left, right, 4 * LANES):
        for i in range(first, last, 1):
            acc = zeros(1, 4)
            for k in range(784):
                acc = outer(acc, image, i, k, dense_kernel, k, j)
            store(dense, i, j, maximum(acc + load(dense_bias, 0, j, 1, 4), 0.0))


def gradients(m):
    """Forward, loss and backward of one batch of training."""
    image = m.rows(0, 784)
    dense = m.rows(784, 128)
    dense_1_add = m.rows(1040, 10)
    digit_target = m.rows(1060, 1)
    digit_sample_weight = m.rows(1061, 1)
    digit_loss_multiply_2 = m.rows(1062, 1)
    accuracy_min = m.rows(1063, 1)
    d_dense_1_add = m.rows(1050, 10)
    d_dense_add = m.rows(912, 128)
    return [
        m.feed("image", image, 784),
        m.feed("digit_target", digit_target, 1),
        m.feed("digit_sample_weight", digit_sample_weight, 1),
        compute_dense(image, m.weight("dense/kernel"), m.weight("dense/bias"), dense),
        compute_dense_1_add(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1_add
        ),
        gradient_of_dense_1_add(
            dense_1_add,
            digit_target,
            digit_sample_weight,
            digit_loss_multiply_2,
            accuracy_min,
            d_dense_1_add,
        ),
        gradient_of_dense_add(
            d_dense_1_add, m.weight("dense_1/kernel"), dense, d_dense_add
        ),
        sync,
        compute_figures(
            digit_loss_multiply_2,
            digit_target,
            accuracy_min,
            m.figure(0),
            m.figure(2),
            m.figure(1),
            m.figure(3),
        ),
        gradient_of_dense_1_bias(d_dense_1_add, m.gradient("dense_1/bias")),
        gradient_of_dense_1_kernel(dense, d_dense_1_add, m.gradient("dense_1/kernel")),
        gradient_of_dense_bias(d_dense_add, m.gradient("dense/bias")),
        gradient_of_dense_kernel(image, d_dense_add, m.gradient("dense/kernel")),
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
    image = m.rows(0, 784)
    dense = m.rows(784, 128)
    dense_1_add = m.rows(912, 10)
    digit_target = m.rows(922, 1)
    digit_sample_weight = m.rows(923, 1)
    digit_loss_multiply_2 = m.rows(924, 1)
    accuracy_min = m.rows(925, 1)
    return [
        m.feed("image", image, 784),
        m.feed("digit_target", digit_target, 1),
        m.feed("digit_sample_weight", digit_sample_weight, 1),
        compute_dense(image, m.weight("dense/kernel"), m.weight("dense/bias"), dense),
        compute_dense_1_add(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1_add
        ),
        compute_accuracy_min(
            dense_1_add,
            digit_target,
            digit_sample_weight,
            digit_loss_multiply_2,
            accuracy_min,
        ),
        sync,
        compute_figures(
            digit_loss_multiply_2,
            digit_target,
            accuracy_min,
            m.figure(0),
            m.figure(2),
            m.figure(1),
            m.figure(3),
        ),
    ]


def predict(m):
    """The outputs of one batch."""
    image = m.rows(0, 784)
    dense = m.rows(784, 128)
    dense_1_add = m.rows(912, 10)
    dense_1 = m.rows(922, 10)
    return [
        m.feed("image", image, 784),
        compute_dense(image, m.weight("dense/kernel"), m.weight("dense/bias"), dense),
        compute_dense_1_add(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1_add
        ),
        compute_dense_1(dense_1_add, dense_1),
        m.result("digit", dense_1, 10),
    ]


def predict_few(m):
    """The outputs of one row, or of a few."""
    image = m.rows(0, 784)
    dense = m.rows(784, 128)
    dense_1_add = m.rows(912, 10)
    dense_1 = m.rows(922, 10)
    return [
        m.feed("image", image, 784),
        compute_dense_few(
            image, m.weight("dense/kernel"), m.weight("dense/bias"), dense
        ),
        compute_dense_1_add(
            dense, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1_add
        ),
        compute_dense_1(dense_1_add, dense_1),
        m.result("digit", dense_1, 10),
    ]


SPEC = Spec(
    name="LargeFiles",
    source="33_large_files.k",
    version="0.1.0",
    fingerprint="704689d3a5e49057-c4d11df75defdfc4-50e701833f86dca4",
    inputs=(Input("image", "float32", (784,)),),
    outputs=(Output("digit", (10,)),),
    targets=(Target("digit", "int32", (), 10),),
    weights=WEIGHTS,
    metrics=(Metric("loss", (0, 1)), Metric("accuracy", (2, 3))),
    layers=(
        Layer(
            "dense", "Dense", (128,), 100480, 200960, 8, ("dense/kernel", "dense/bias")
        ),
        Layer(
            "dense_1", "Dense", (10,), 1290, 2570, 8, ("dense_1/kernel", "dense_1/bias")
        ),
    ),
    trainable=101776,
    size=101776,
    slots={"momentum": 0.0, "velocity": 0.0},
    optimizer=Adam(learning_rate=0.001),
    totals=4,
    feeds=("image", "digit_target", "digit_sample_weight"),
)


class LargeFiles(Model):
    """Digits through one hidden layer."""

    spec = SPEC
    programs = Programs(
        train=(Steps(gradients, 1064, 0, 409948), Steps(update, 1064, 0, 0)),
        gradient=(Steps(gradients, 1064, 0, 409948),),
        evaluate=(Steps(evaluate, 926, 0, 203818),),
        predict=(Steps(predict, 932, 0, 203750),),
        few=(Steps(predict_few, 932, 0, 203750),),
    )


SOURCE_NAME = "33_large_files.k"
SOURCE_MAP = {
    "compute_dense": (8,),
    "compute_dense_1_add": (8,),
    "gradient_of_dense_1_add": (8, 11, 12),
    "compute_figures": (8, 11, 12),
    "gradient_of_dense_1_bias": (8,),
    "gradient_of_dense_add": (8,),
    "gradient_of_dense_1_kernel": (8,),
    "gradient_of_dense_bias": (8,),
    "gradient_of_dense_kernel": (8,),
    "update_weights": (),
    "compute_accuracy_min": (8, 11, 12),
    "compute_dense_1": (8,),
    "compute_dense_few": (8,),
}
SOURCE = """\
# For data that does not fit in memory: `fit` takes memory maps, HDF5 data sets and generators of
# batches as it takes arrays, and reads them batch by batch. large_files.py trains from all four
# and finds the same weights.

model LargeFiles:
    \"\"\"Digits through one hidden layer.\"\"\"
    input image: float32[784]
    output digit = image |> Dense(128, activation="relu") |> Dense(10, activation="softmax")
    train:
        optimizer = "adam"
        loss = "sparse_categorical_crossentropy"
        metrics = ["accuracy"]
"""
