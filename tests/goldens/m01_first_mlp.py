"""FirstMlp, as native code.

Built by kgen 0.1.0 from 01_first_mlp.k; edit that, not this.

layer         kind        output       weights  line
dense         Dense       (batch, 32)   25,120     9
activation    Activation  (batch, 32)        0     9
dense_1       Dense       (batch, 10)      330    10
activation_1  Activation  (batch, 10)        0    10
total         FirstMlp                  25,450
"""

import numpy as np
from kgen.runtime.kernels import kernel, sync
from kgen.runtime.memory import Programs, Steps, vectors_for
from kgen.runtime.model import Model
from kgen.runtime.optimizers import RMSprop
from kgen.runtime.spec import Input, Layer, Metric, Output, Spec, Target, Weight
from kgen.runtime.tiles import (
    LANES,
    ROWS,
    exp,
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
    pack_t,
    prefetch_write,
    row_max,
    row_min,
    row_sum,
    select,
    share,
    share_batch,
    sqrt,
    square,
    store,
    store_column,
    zeros,
)

VECTORS_10 = vectors_for(10)

WEIGHTS = (
    Weight("dense/kernel", (784, 32), 0, "GlorotUniform", {"seed": None}),
    Weight("dense/bias", (32,), 25088, "Zeros", {}),
    Weight("dense_1/kernel", (32, 10), 25120, "GlorotUniform", {"seed": None}),
    Weight("dense_1/bias", (10,), 25440, "Zeros", {}),
)


@kernel
def compute_activation(thread, threads, batch, clock, args):
    """Line 9 of the model. 50,240 FLOPs a row."""
    image = matrix(args, 0, batch, 784)
    dense_kernel = matrix(args, 1, 784, 32)
    dense_bias = matrix(args, 2, 1, 32)
    activation = matrix(args, 3, batch, 32)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 32, 2 * LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(784):
                acc = outer(acc, image, i, k, dense_kernel, k, j)
            dense = acc + load(dense_bias, 0, j, 1, 2)
            store(activation, i, j, maximum(dense, 0.0))


@kernel
def compute_dense_1(thread, threads, batch, clock, args):
    """Line 10 of the model. 650 FLOPs a row."""
    activation = matrix(args, 0, batch, 32)
    dense_1_kernel = matrix(args, 1, 32, 10)
    dense_1_bias = matrix(args, 2, 1, 10)
    dense_1 = matrix(args, 3, batch, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 10, LANES):
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(32):
                acc = outer(acc, activation, i, k, dense_1_kernel, k, j)
            store(dense_1, i, j, acc + load(dense_1_bias, 0, j, 1, 1))


@kernel
def gradient_of_dense_1(thread, threads, batch, clock, args):
    """Lines 10, 13, 14. 346 FLOPs a row."""
    dense_1 = matrix(args, 0, batch, 10)
    digit_target = matrix(args, 1, batch, 10)
    digit_sample_weight = matrix(args, 2, batch, 1)
    digit_loss_multiply_2 = matrix(args, 3, batch, 1)
    accuracy_min = matrix(args, 4, batch, 1)
    accuracy_min_1 = matrix(args, 5, batch, 1)
    d_dense_1 = matrix(args, 6, batch, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        dense_1_tile = load(dense_1, i, 0, 2, VECTORS_10)
        activation_1_max = row_max(keep_columns(dense_1_tile, 0, 10, -np.inf))
        activation_1_subtract = dense_1_tile - activation_1_max
        activation_1_exp = exp(activation_1_subtract)
        activation_1_sum = row_sum(keep_columns(activation_1_exp, 0, 10, 0.0))
        activation_1 = activation_1_exp / activation_1_sum
        digit_loss_log = log(activation_1_sum)
        digit_loss_log_softmax = activation_1_subtract - digit_loss_log
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
        accuracy_max_1 = row_max(keep_columns(activation_1, 0, 10, -np.inf))
        accuracy_equal_1 = activation_1 == accuracy_max_1
        accuracy_where_1 = select(accuracy_equal_1, index, 10.0)
        accuracy_min_1_tile = row_min(keep_columns(accuracy_where_1, 0, 10, np.inf))
        store_column(accuracy_min_1, i, accuracy_min_1_tile)
        d_digit_loss_sum_2 = 1.0 / full(1, 1, batch)
        d_digit_loss_negative_1 = d_digit_loss_sum_2 * digit_sample_weight_tile
        negative = -d_digit_loss_negative_1
        d_digit_loss_log_softmax = negative * digit_target_tile
        d_digit_loss_sum_1_1 = row_sum(
            keep_columns(d_digit_loss_log_softmax, 0, 10, 0.0)
        )
        d_digit_loss_multiply_8 = activation_1 * d_digit_loss_sum_1_1
        d_dense_1_tile = d_digit_loss_log_softmax - d_digit_loss_multiply_8
        store(d_dense_1, i, 0, d_dense_1_tile)


@kernel
def compute_figures(thread, threads, batch, clock, args):
    """Lines 9, 13, 14. 2 FLOPs a row, 7 FLOPs."""
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
def gradient_of_dense_1_bias_parts(thread, threads, batch, clock, args):
    """Line 10 of the model. 10 FLOPs a row."""
    d_dense_1 = matrix(args, 0, batch, 10)
    d_dense_1_bias_parts = matrix(args, 1, threads, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 10, LANES):
        acc = zeros(1, 1)
        for i in range(first, last):
            acc = acc + load(d_dense_1, i, j, 1, 1)
        store(d_dense_1_bias_parts, thread, j, acc)


@kernel
def gradient_of_dense_1_bias(thread, threads, batch, clock, args):
    """Line 10 of the model. 10 FLOPs."""
    d_dense_1_bias_parts = matrix(args, 0, threads, 10)
    d_dense_1_bias = matrix(args, 1, 1, 10)
    first, last = share(10, LANES, thread, threads)
    for j in range(first, last, LANES):
        summed = full(1, 1, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_1_bias_parts, i, j, 1, 1)
        store(d_dense_1_bias, 0, j, summed)


@kernel
def gradient_of_dense(thread, threads, batch, clock, args):
    """Lines 9, 10. 672 FLOPs a row."""
    d_dense_1 = matrix(args, 0, batch, 10)
    dense_1_kernel = matrix(args, 1, 32, 10)
    activation = matrix(args, 2, batch, 32)
    d_dense = matrix(args, 3, batch, 32)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 32, 2 * LANES):
        panel = pack_t(dense_1_kernel, j, 0, 10, 2, 10)
        for i in range(first, last, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(10):
                acc = outer(acc, d_dense_1, i, k, panel, k, 0)
            d_activation_greater = load(activation, i, j, ROWS, 2) > 0.0
            store(d_dense, i, j, select(d_activation_greater, acc, 0.0))


@kernel
def gradient_of_dense_1_kernel_parts(thread, threads, batch, clock, args):
    """Line 10 of the model. 640 FLOPs a row."""
    activation = matrix(args, 0, batch, 32)
    d_dense_1 = matrix(args, 1, batch, 10)
    d_dense_1_kernel_parts = matrix(args, 2, threads * 32, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 10, LANES):
        for i in range(0, 32, ROWS):
            acc = zeros(ROWS, 1)
            for k in range(first, last):
                acc = outer_t(acc, activation, k, i, d_dense_1, k, j)
            store(d_dense_1_kernel_parts, thread * 32 + i, j, acc)


@kernel
def gradient_of_dense_1_kernel(thread, threads, batch, clock, args):
    """Line 10 of the model. 320 FLOPs."""
    d_dense_1_kernel_parts = matrix(args, 0, threads, 320)
    d_dense_1_kernel = matrix(args, 1, 1, 320)
    first, last = share(320, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_1_kernel_parts, i, j, 1, 4)
        store(d_dense_1_kernel, 0, j, summed)


@kernel
def gradient_of_dense_bias_parts(thread, threads, batch, clock, args):
    """Line 9 of the model. 32 FLOPs a row."""
    d_dense = matrix(args, 0, batch, 32)
    d_dense_bias_parts = matrix(args, 1, threads, 32)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 32, 2 * LANES):
        acc = zeros(1, 2)
        for i in range(first, last):
            acc = acc + load(d_dense, i, j, 1, 2)
        store(d_dense_bias_parts, thread, j, acc)


@kernel
def gradient_of_dense_bias(thread, threads, batch, clock, args):
    """Line 9 of the model. 32 FLOPs."""
    d_dense_bias_parts = matrix(args, 0, threads, 32)
    d_dense_bias = matrix(args, 1, 1, 32)
    first, last = share(32, 2 * LANES, thread, threads)
    for j in range(first, last, 2 * LANES):
        summed = full(1, 2, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_bias_parts, i, j, 1, 2)
        store(d_dense_bias, 0, j, summed)


@kernel
def gradient_of_dense_kernel_parts(thread, threads, batch, clock, args):
    """Line 9 of the model. 50,176 FLOPs a row."""
    image = matrix(args, 0, batch, 784)
    d_dense = matrix(args, 1, batch, 32)
    d_dense_kernel_parts = matrix(args, 2, threads * 784, 32)
    first, last = share_batch(clock, batch, thread, threads)
    for j in range(0, 32, 2 * LANES):
        for i in range(0, 784, ROWS):
            acc = zeros(ROWS, 2)
            for k in range(first, last):
                acc = outer_t(acc, image, k, i, d_dense, k, j)
            store(d_dense_kernel_parts, thread * 784 + i, j, acc)


@kernel
def gradient_of_dense_kernel(thread, threads, batch, clock, args):
    """Line 9 of the model. 25,088 FLOPs."""
    d_dense_kernel_parts = matrix(args, 0, threads, 25088)
    d_dense_kernel = matrix(args, 1, 1, 25088)
    first, last = share(25088, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        summed = full(1, 4, 0.0)
        for i in range(threads):
            summed = summed + load(d_dense_kernel_parts, i, j, 1, 4)
        store(d_dense_kernel, 0, j, summed)


@kernel
def update_weights(thread, threads, batch, clock, args):
    """All weights at once. 330,928 FLOPs."""
    velocity = matrix(args, 0, 1, 25456)
    gradients = matrix(args, 1, 1, 25456)
    learning_rate = matrix(args, 2, 1, 1)
    weights = matrix(args, 3, 1, 25456)
    first, last = share(25456, 4 * LANES, thread, threads)
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
def compute_accuracy_min_1(thread, threads, batch, clock, args):
    """Lines 10, 13, 14. 306 FLOPs a row."""
    dense_1 = matrix(args, 0, batch, 10)
    digit_target = matrix(args, 1, batch, 10)
    digit_sample_weight = matrix(args, 2, batch, 1)
    digit_loss_multiply_2 = matrix(args, 3, batch, 1)
    accuracy_min = matrix(args, 4, batch, 1)
    accuracy_min_1 = matrix(args, 5, batch, 1)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        dense_1_tile = load(dense_1, i, 0, 2, VECTORS_10)
        activation_1_max = row_max(keep_columns(dense_1_tile, 0, 10, -np.inf))
        activation_1_subtract = dense_1_tile - activation_1_max
        activation_1_exp = exp(activation_1_subtract)
        activation_1_sum = row_sum(keep_columns(activation_1_exp, 0, 10, 0.0))
        activation_1 = activation_1_exp / activation_1_sum
        digit_loss_log = log(activation_1_sum)
        digit_loss_log_softmax = activation_1_subtract - digit_loss_log
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
        accuracy_max_1 = row_max(keep_columns(activation_1, 0, 10, -np.inf))
        accuracy_equal_1 = activation_1 == accuracy_max_1
        accuracy_where_1 = select(accuracy_equal_1, index, 10.0)
        accuracy_min_1_tile = row_min(keep_columns(accuracy_where_1, 0, 10, np.inf))
        store_column(accuracy_min_1, i, accuracy_min_1_tile)


@kernel
def compute_activation_1(thread, threads, batch, clock, args):
    """Line 10 of the model. 220 FLOPs a row."""
    dense_1 = matrix(args, 0, batch, 10)
    activation_1 = matrix(args, 1, batch, 10)
    first, last = share_batch(clock, batch, thread, threads)
    for i in range(first, last, 2):
        dense_1_tile = load(dense_1, i, 0, 2, VECTORS_10)
        activation_1_max = row_max(keep_columns(dense_1_tile, 0, 10, -np.inf))
        activation_1_exp = exp(dense_1_tile - activation_1_max)
        activation_1_sum = row_sum(keep_columns(activation_1_exp, 0, 10, 0.0))
        store(activation_1, i, 0, activation_1_exp / activation_1_sum)


def gradients(m):
    """Forward, loss and backward of one batch of training."""
    image = m.rows(0, 784)
    activation = m.rows(784, 32)
    dense_1 = m.rows(858, 10)
    digit_target = m.rows(848, 10)
    digit_sample_weight = m.rows(878, 1)
    digit_loss_multiply_2 = m.rows(879, 1)
    accuracy_min = m.rows(880, 1)
    accuracy_min_1 = m.rows(881, 1)
    d_dense_1 = m.rows(868, 10)
    d_dense_1_bias_parts = m.parts(10)
    d_dense = m.rows(816, 32)
    d_dense_1_kernel_parts = m.parts(320)
    d_dense_bias_parts = m.parts(32)
    d_dense_kernel_parts = m.parts(25088)
    return [
        m.feed("image", image, 784),
        m.feed("digit_target", digit_target, 10),
        m.feed("digit_sample_weight", digit_sample_weight, 1),
        compute_activation(
            image, m.weight("dense/kernel"), m.weight("dense/bias"), activation
        ),
        compute_dense_1(
            activation, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        gradient_of_dense_1(
            dense_1,
            digit_target,
            digit_sample_weight,
            digit_loss_multiply_2,
            accuracy_min,
            accuracy_min_1,
            d_dense_1,
        ),
        gradient_of_dense_1_bias_parts(d_dense_1, d_dense_1_bias_parts),
        gradient_of_dense(d_dense_1, m.weight("dense_1/kernel"), activation, d_dense),
        gradient_of_dense_1_kernel_parts(activation, d_dense_1, d_dense_1_kernel_parts),
        gradient_of_dense_bias_parts(d_dense, d_dense_bias_parts),
        gradient_of_dense_kernel_parts(image, d_dense, d_dense_kernel_parts),
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
        gradient_of_dense_1_bias(d_dense_1_bias_parts, m.gradient("dense_1/bias")),
        gradient_of_dense_1_kernel(
            d_dense_1_kernel_parts, m.gradient("dense_1/kernel")
        ),
        gradient_of_dense_bias(d_dense_bias_parts, m.gradient("dense/bias")),
        gradient_of_dense_kernel(d_dense_kernel_parts, m.gradient("dense/kernel")),
    ]


def update(m):
    """The optimizer's step."""
    return [
        update_weights(m.slot("velocity"), m.gradients(), m.scalar(0), m.weights()),
    ]


def evaluate(m):
    """Loss and metrics of one batch."""
    image = m.rows(0, 784)
    activation = m.rows(784, 32)
    dense_1 = m.rows(826, 10)
    digit_target = m.rows(816, 10)
    digit_sample_weight = m.rows(836, 1)
    digit_loss_multiply_2 = m.rows(837, 1)
    accuracy_min = m.rows(838, 1)
    accuracy_min_1 = m.rows(839, 1)
    return [
        m.feed("image", image, 784),
        m.feed("digit_target", digit_target, 10),
        m.feed("digit_sample_weight", digit_sample_weight, 1),
        compute_activation(
            image, m.weight("dense/kernel"), m.weight("dense/bias"), activation
        ),
        compute_dense_1(
            activation, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_accuracy_min_1(
            dense_1,
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
    image = m.rows(0, 784)
    activation = m.rows(784, 32)
    dense_1 = m.rows(816, 10)
    activation_1 = m.rows(826, 10)
    return [
        m.feed("image", image, 784),
        compute_activation(
            image, m.weight("dense/kernel"), m.weight("dense/bias"), activation
        ),
        compute_dense_1(
            activation, m.weight("dense_1/kernel"), m.weight("dense_1/bias"), dense_1
        ),
        compute_activation_1(dense_1, activation_1),
        m.result("digit", activation_1, 10),
    ]


SPEC = Spec(
    name="FirstMlp",
    source="01_first_mlp.k",
    version="0.1.0",
    fingerprint="44af532cd1fbbd32-88b47adcb4ae3870-09ea087a47328a61",
    inputs=(Input("image", "float32", (784,)),),
    outputs=(Output("digit", (10,)),),
    targets=(Target("digit", "float32", (10,)),),
    weights=WEIGHTS,
    metrics=(Metric("loss", (0, 1)), Metric("accuracy", (2, 3))),
    layers=(
        Layer("dense", "Dense", (32,), 25120, 50208, 9, ("dense/kernel", "dense/bias")),
        Layer("activation", "Activation", (32,), 0, 32, 9),
        Layer(
            "dense_1", "Dense", (10,), 330, 650, 10, ("dense_1/kernel", "dense_1/bias")
        ),
        Layer("activation_1", "Activation", (10,), 0, 0, 10),
    ),
    trainable=25456,
    size=25456,
    slots={"velocity": 0.0},
    optimizer=RMSprop(learning_rate=0.001),
    totals=4,
    feeds=("image", "digit_target", "digit_sample_weight"),
)


class FirstMlp(Model):
    """784 inputs, one hidden layer, ten classes."""

    spec = SPEC
    programs = Programs(
        train=(Steps(gradients, 882, 0, 102768), Steps(update, 882, 0, 0)),
        gradient=(Steps(gradients, 882, 0, 102768),),
        evaluate=(Steps(evaluate, 840, 0, 51198),),
        predict=(Steps(predict, 836, 0, 51110),),
    )


SOURCE_NAME = "01_first_mlp.k"
SOURCE_MAP = {
    "compute_activation": (9,),
    "compute_dense_1": (10,),
    "gradient_of_dense_1": (10, 13, 14),
    "compute_figures": (9, 13, 14),
    "gradient_of_dense_1_bias_parts": (10,),
    "gradient_of_dense_1_bias": (10,),
    "gradient_of_dense": (9, 10),
    "gradient_of_dense_1_kernel_parts": (10,),
    "gradient_of_dense_1_kernel": (10,),
    "gradient_of_dense_bias_parts": (9,),
    "gradient_of_dense_bias": (9,),
    "gradient_of_dense_kernel_parts": (9,),
    "gradient_of_dense_kernel": (9,),
    "update_weights": (),
    "compute_accuracy_min_1": (10, 13, 14),
    "compute_activation_1": (10,),
}
SOURCE = """\
# A first model, with activations as layers of their own.
# The loss compares with one-hot rows; for integer labels write
# "sparse_categorical_crossentropy", for plain regression "mse".

model FirstMlp:
    \"\"\"784 inputs, one hidden layer, ten classes.\"\"\"
    input image: float32[784]
    output digit = image
        |> Dense(32) |> Activation("relu")
        |> Dense(10) |> Activation("softmax")
    train:
        optimizer = "rmsprop"
        loss = "categorical_crossentropy"
        metrics = ["accuracy"]
"""
