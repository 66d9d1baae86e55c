"""The examples that read sequences, beside their twins in Keras, shrunk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import kgen
import numpy as np
import pytest
from example_case import Example, check_example
from example_twins import truths, words
from keras import layers
from twins import Arrays, labels, numbers, one_hot

EXAMPLE = Path(__file__).parents[2] / "examples" / "08_stateful_lstm.k"
ROWS = 11
SMALL = {"length": "6", "vocabulary": "13", "units": "4"}


def lstm_text() -> Any:
    text = keras.Input((None,), dtype="int32", name="words")
    x = layers.LSTM(4)(layers.Embedding(13, 8)(text))
    model = keras.Model(text, layers.Dense(1, activation="sigmoid")(x))
    model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    return model


def headline() -> Any:
    text = keras.Input((6,), dtype="int32", name="words")
    hints = keras.Input((5,), name="hints")
    read = layers.LSTM(32)(layers.Embedding(13, 8)(text))
    aux = layers.Dense(1, activation="sigmoid")(read)
    h = layers.Concatenate()([read, hints])
    for _ in range(3):
        h = layers.Dense(64, activation="relu")(h)
    outputs = {"aux": aux, "main": layers.Dense(1, activation="sigmoid")(h)}
    model = keras.Model({"words": text, "hints": hints}, outputs)
    loss = dict.fromkeys(outputs, "binary_crossentropy")
    model.compile("rmsprop", loss, loss_weights={"main": 1.0, "aux": 0.2})
    return model


def shared_reader(units: int, features: int, length: int | None, optimizer: str) -> Any:
    a, b = (keras.Input((length, features), name=name) for name in "ab")
    read = layers.LSTM(units, name="read")
    both = layers.Concatenate()([read(a), read(b)])
    model = keras.Model({"a": a, "b": b}, layers.Dense(1, activation="sigmoid")(both))
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return model


def text_question() -> Any:
    story = keras.Input((6,), dtype="int32", name="story")
    question = keras.Input((6,), dtype="int32", name="question")
    read = layers.LSTM(32)(layers.Embedding(13, 64)(story))
    asked = layers.LSTM(16)(layers.Embedding(13, 32)(question))
    both = layers.Concatenate()([read, asked])
    answer = layers.Dense(7, activation="softmax")(both)
    model = keras.Model({"story": story, "question": question}, answer)
    model.compile("rmsprop", "categorical_crossentropy", metrics=["accuracy"])
    return model


def rows_as_time() -> Any:
    image = keras.Input((28, 28), name="image")
    x = layers.LSTM(30)(image)
    model = keras.Model(image, layers.Dense(10, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def both_directions() -> Any:
    text = keras.Input((6,), dtype="int32", name="words")
    x = layers.Embedding(13, 4, mask_zero=True)(text)
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(x)
    tags = layers.TimeDistributed(layers.Dense(5, activation="softmax"))(x)
    model = keras.Model(text, tags)
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def gated() -> Any:
    series = keras.Input((6, 3), name="series")
    x = layers.GRU(4, return_sequences=True)(layers.Masking(0.0)(series))
    model = keras.Model(series, layers.Dense(1, activation="sigmoid")(layers.GRU(4)(x)))
    model.compile("adam", "binary_crossentropy")
    return model


def attentive() -> Any:
    text = keras.Input((6,), dtype="int32", name="words")
    x = layers.Embedding(13, 4)(text)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 8)(x, x))
    x = x + layers.Dense(4)(layers.Dense(16, activation="gelu")(x))
    label = layers.Dense(1, activation="sigmoid")(layers.GlobalAveragePooling1D()(x))
    model = keras.Model(text, label)
    model.compile("adam", "binary_crossentropy")
    return model


def padded() -> Arrays:
    """Texts whose ends are padding."""
    text = words(12, 6, ROWS, 1) + 1
    for row, length in enumerate(range(ROWS)):
        text[row, 1 + length % 6 :] = 0
    return {"words": text}


def with_gaps() -> Arrays:
    """Series with steps that are all zero."""
    series = numbers((6, 3), ROWS, 1)
    series[::2, 4:] = 0.0
    return {"series": series}


def two(shape: tuple[int, ...]) -> Any:
    def both() -> Arrays:
        return {"a": numbers(shape, ROWS, 1), "b": numbers(shape, ROWS, 2)}

    return both


EXAMPLES = [
    Example(
        "05_lstm_text.k",
        "TextClassifier",
        lstm_text,
        lambda: {"words": words(13, 5, ROWS, 1)},
        lambda: {"label": truths(1, ROWS, 2)},
        {"vocabulary": "13", "width": "8", "rate": "0.0"},
    ),
    Example(
        "11_headline.k",
        "Headline",
        headline,
        lambda: {"words": words(13, 6, ROWS, 1), "hints": numbers((5,), ROWS, 2)},
        lambda: {"aux": truths(1, ROWS, 3), "main": truths(1, ROWS, 4)},
        {"length": "6", "vocabulary": "13", "width": "8"},
    ),
    Example(
        "12_same_author.k",
        "SameAuthor",
        lambda: shared_reader(64, 9, 6, "rmsprop"),
        two((6, 9)),
        lambda: {"same": truths(1, ROWS, 3)},
        {"length": "6", "width": "9"},
    ),
    Example(
        "19_text_question.k",
        "TextQuestion",
        text_question,
        lambda: {"story": words(13, 6, ROWS, 1), "question": words(13, 6, ROWS, 2)},
        lambda: {"answer": one_hot(7, ROWS, 3)},
        {"length": "6", "vocabulary": "13", "answers": "7"},
    ),
    Example(
        "23_siamese_open_length.k",
        "Siamese",
        lambda: shared_reader(32, 128, None, "adam"),
        two((5, 128)),
        lambda: {"same": truths(1, ROWS, 3)},
    ),
    Example(
        "46_core_layers.k",
        "BothDirections",
        both_directions,
        padded,
        lambda: {"tags": labels(5, ROWS * 6, 2).reshape(ROWS, 6)},
        SMALL,
    ),
    Example(
        "46_core_layers.k",
        "Gated",
        gated,
        with_gaps,
        lambda: {"label": truths(1, ROWS, 2)},
        SMALL,
    ),
    Example(
        "46_core_layers.k",
        "Attentive",
        attentive,
        lambda: {"words": words(13, 6, ROWS, 1)},
        lambda: {"label": truths(1, ROWS, 2)},
        SMALL,
    ),
    Example(
        "43_rows_as_time.k",
        "RowsAsTime",
        rows_as_time,
        lambda: {"image": numbers((28, 28), ROWS, 1)},
        lambda: {"digit": labels(10, ROWS, 2)},
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_an_example(example: Example) -> None:
    check_example(example)


@pytest.mark.slow
def test_the_stateful_stack() -> None:
    """Batch after batch as Keras's stateful layers have it, and sequence by sequence.

    Shares of ten classes; states below 1, after 4 batches of 8 steps of sums of 64 products.
    """
    net = kgen.load(EXAMPLE, rows=3).StatefulLstm(seed=0)
    x = keras.Input(batch_shape=(3, 8, 16))
    h = layers.LSTM(32, return_sequences=True, stateful=True)(x)
    h = layers.LSTM(32, return_sequences=True, stateful=True)(h)
    h = layers.LSTM(32, stateful=True)(h)
    twin = keras.Model(x, layers.Dense(10, activation="softmax")(h))
    twin.set_weights(net.get_weights())
    assert net.count_params() == twin.count_params()
    rows = numbers((8, 16), 12, 1)
    expected = np.concatenate([np.asarray(twin(rows[k : k + 3])) for k in range(0, 12, 3)])
    bound = 4 * 8 * 64 * 2.0**-24
    np.testing.assert_allclose(net.predict(rows), expected, rtol=0, atol=bound)
    kept = [state for layer in twin.layers[1:4] for state in layer.states]
    for (path, state), exact in zip(net.states.items(), kept, strict=True):
        np.testing.assert_allclose(state, np.asarray(exact), rtol=0, atol=bound, err_msg=path)
    one = net.with_batch(1)
    for k in range(3):
        one.reset_states()
        alone = one.predict(rows[k::3])
        np.testing.assert_allclose(alone, expected[k::3], rtol=0, atol=bound)
    history = net.fit(rows, one_hot(10, 12, 2), epochs=2, shuffle=False, verbose=0).history
    assert history["loss"][1] < history["loss"][0]
