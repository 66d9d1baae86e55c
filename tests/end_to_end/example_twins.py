"""The examples' twins in Keras, one function each, and data for them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops, optimizers
from twins import Array

sigmoid = keras.activations.sigmoid


def words(vocabulary: int, length: int, rows: int, seed: int) -> Array:
    """Rows of word numbers."""
    drawn = np.random.default_rng(seed).integers(0, vocabulary, (rows, length))
    return drawn.astype(np.int32)


def truths(size: int, rows: int, seed: int) -> Array:
    """Rows of zeros and ones."""
    return np.random.default_rng(seed).integers(0, 2, (rows, size)).astype(np.float32)


class Loss(layers.Layer):  # type: ignore[misc]
    """Its input, which also is a loss of the model."""

    def call(self, x: Any) -> Any:
        self.add_loss(x)
        return x


def vision(size: int, filters: int, name: str) -> Any:
    image = keras.Input((size, size, 3))
    x, count = image, 0
    for width, paddings in [(1, "same valid"), (2, "same valid"), (4, "same valid valid")]:
        for padding in paddings.split():
            title = f"{name}.conv2d_{count}" if count else f"{name}.conv2d"
            x = layers.Conv2D(width * filters, 3, activation="relu", padding=padding, name=title)(x)
            count += 1
        x = layers.MaxPooling2D(2)(x)
    return keras.Model(image, layers.Flatten()(x))


def reader(length: int, vocabulary: int, units: int) -> Any:
    question = keras.Input((length,), dtype="int32")
    x = layers.Embedding(vocabulary, units, name="reader.embedding")(question)
    return keras.Model(question, layers.LSTM(units, name="reader.lstm")(x))


def visual_question() -> Any:
    image, question = keras.Input((30, 30, 3), name="image"), keras.Input((4,), name="question")
    merged = layers.Concatenate()([vision(30, 2, "vision")(image), reader(4, 11, 8)(question)])
    answer = layers.Dense(7, activation="softmax")(merged)
    model = keras.Model({"image": image, "question": question}, answer)
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


def video_question() -> Any:
    video = keras.Input((3, 30, 30, 3), name="video")
    question, another = keras.Input((4,), name="question"), keras.Input((4,), name="another")
    read = reader(4, 11, 4)
    seen = layers.LSTM(4)(layers.TimeDistributed(vision(30, 1, "time_distributed.vision"))(video))
    decide = layers.Dense(7, activation="softmax", name="decide")
    inputs = {"video": video, "question": question, "another": another}
    outputs = {
        "answer": decide(layers.Concatenate()([seen, read(question)])),
        "other_answer": decide(layers.Concatenate()([seen, read(another)])),
    }
    model = keras.Model(inputs, outputs)
    loss = "sparse_categorical_crossentropy"
    model.compile(
        "adam",
        dict.fromkeys(outputs, loss),
        metrics={name: ["accuracy"] for name in outputs},
    )
    return model


def posts() -> Any:
    post = keras.Input((None,), dtype="int32", name="posts")
    x = layers.Conv1D(4, 2, activation="relu")(layers.Embedding(13, 8)(post))
    x = layers.MaxPooling1D(2)(x)
    for _ in range(2):
        x = layers.Conv1D(8, 2, activation="relu")(x)
    x = layers.MaxPooling1D(2)(x)
    for _ in range(2):
        x = layers.Conv1D(8, 2, activation="relu")(x)
    x = layers.Dense(4, activation="relu")(layers.GlobalMaxPooling1D()(x))
    outputs = {
        "age": layers.Dense(1)(x),
        "income": layers.Dense(10, activation="softmax")(x),
        "gender": layers.Dense(1, activation="sigmoid")(x),
    }
    model = keras.Model(post, outputs)
    model.compile(
        "rmsprop",
        {"age": "mse", "income": "categorical_crossentropy", "gender": "binary_crossentropy"},
        loss_weights={"age": 0.25, "income": 1.0, "gender": 10.0},
    )
    return model


def answer_ranking() -> Any:
    inputs = {
        name: keras.Input((None,), dtype="int32", name=name)
        for name in ("question", "right", "wrong")
    }
    table, read = layers.Embedding(12, 6, name="words"), layers.LSTM(5, name="reader")
    codes = {name: read(table(text)) for name, text in inputs.items()}
    code = layers.Dense(5)(codes["question"])
    near = layers.Dot(axes=-1, normalize=True)
    good, bad = near([code, codes["right"]]), near([code, codes["wrong"]])
    objective = Loss()(ops.mean(ops.relu(0.1 + bad - good)))
    model = keras.Model(inputs, good - bad + 0.0 * objective)
    model.compile("adam")
    return model


def centre_loss() -> Any:
    image, label = keras.Input((12, 12, 3), name="image"), keras.Input((1,), name="label")
    x = layers.MaxPooling2D(2)(layers.Conv2D(10, 2, activation="relu")(image))
    feature = layers.Dense(32, activation="relu")(layers.Flatten()(x))
    centre = layers.Flatten()(layers.Embedding(7, 32)(label))
    outputs = {
        "digit": layers.Dense(7, activation="softmax")(feature),
        "distance": ops.sum(ops.square(feature - centre), axis=-1, keepdims=True),
    }
    model = keras.Model({"image": image, "label": label}, outputs)
    model.compile(
        optimizers.Adam(1e-3),
        {
            "digit": "sparse_categorical_crossentropy",
            "distance": lambda y_true, y_pred: ops.mean(y_pred, axis=-1),
        },
        loss_weights={"digit": 1.0, "distance": 0.2},
        metrics={"digit": ["accuracy"]},
    )
    return model


def antirectifier() -> Any:
    def both(x: Any) -> Any:
        x = x - ops.mean(x, axis=-1, keepdims=True)
        x = x / ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis=-1, keepdims=True), 1e-12))
        return ops.concatenate([ops.relu(x), ops.relu(-x)], axis=-1)

    image = keras.Input((784,), name="image")
    x = both(layers.Dense(9)(image))
    x = both(layers.Dense(9)(x))
    model = keras.Model(image, layers.Dense(10, activation="softmax")(x))
    model.compile("rmsprop", "categorical_crossentropy", metrics=["accuracy"])
    return model


def wider_deeper() -> Any:
    def conv(name: str, filters: int) -> Any:
        return layers.Conv2D(filters, 3, padding="same", activation="relu", name=name)

    image = keras.Input((8, 8, 1), name="image")
    x = layers.MaxPooling2D(2)(conv("conv1", 5)(image))
    x = conv("conv2_deeper", 64)(conv("conv2", 64)(x))
    x = layers.Flatten()(layers.MaxPooling2D(2)(x))
    for name in ("hidden", "hidden_deeper"):
        x = layers.Dense(9, activation="relu", name=name)(x)
    model = keras.Model(image, layers.Dense(10, activation="softmax", name="classes")(x))
    sgd = optimizers.SGD(0.01, momentum=0.9)
    model.compile(sgd, "categorical_crossentropy", metrics=["accuracy"])
    return model


def siamese() -> Any:
    def contrastive(y_true: Any, y_pred: Any) -> Any:
        return ops.mean(
            y_true * ops.square(y_pred) + (1 - y_true) * ops.square(ops.maximum(1 - y_pred, 0))
        )

    def accuracy(y_true: Any, y_pred: Any) -> Any:
        return ops.mean(ops.cast(ops.equal(y_pred < 0.5, y_true > 0.5), y_pred.dtype))

    left, right = keras.Input((784,), name="left"), keras.Input((784,), name="right")
    image = keras.Input((784,))
    x = image
    for name in ("dense", "dense_1", "dense_2"):
        x = layers.Dense(128, activation="relu", name=f"trunk.{name}")(x)
    trunk = keras.Model(image, x)
    squares = ops.sum(ops.square(trunk(left) - trunk(right)), axis=-1, keepdims=True)
    distance = ops.sqrt(ops.maximum(squares, 1e-7))
    model = keras.Model({"left": left, "right": right}, distance)
    model.compile("rmsprop", contrastive, metrics=[accuracy])
    return model


def transfer() -> Any:
    image = keras.Input((10, 10, 1), name="image")
    x = image
    for name in ("conv2d", "conv2d_1"):
        x = layers.Conv2D(3, 3, activation="relu", name=f"features.{name}", trainable=False)(x)
    x = layers.Flatten()(layers.MaxPooling2D(2)(x))
    x = layers.Dense(128, activation="relu", name="hidden")(x)
    model = keras.Model(image, layers.Dense(5, activation="softmax", name="classes")(x))
    model.compile(optimizers.Adadelta(1.0), "categorical_crossentropy", metrics=["accuracy"])
    return model


def large_files() -> Any:
    image = keras.Input((784,), name="image")
    x = layers.Dense(128, activation="relu")(image)
    model = keras.Model(image, layers.Dense(10, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def search() -> Any:
    image = keras.Input((12, 12, 1), name="image")
    x = image
    for _ in range(2):
        x = layers.Conv2D(4, 2, activation="relu")(x)
    x = layers.Flatten()(layers.MaxPooling2D(3)(x))
    for units in (9, 7):
        x = layers.Dense(units, activation="relu")(x)
    model = keras.Model(image, layers.Dense(10, activation="softmax")(x))
    model.compile(optimizers.Adadelta(1.0), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def captions() -> Any:
    picture = keras.Input((17,), name="picture")
    text = keras.Input((5,), dtype="int32", name="words")
    seen = layers.RepeatVector(5)(layers.Dense(4, activation="relu")(picture))
    said = layers.Embedding(11, 8, mask_zero=True)(text)
    said = layers.LSTM(8, return_sequences=True)(said)
    said = layers.TimeDistributed(layers.Dense(4))(said)
    x = layers.LSTM(8)(layers.Concatenate()([seen, said]))
    model = keras.Model(
        {"picture": picture, "words": text},
        layers.Dense(11, activation="softmax")(x),
    )
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def region_proposals() -> Any:
    def scores(y_true: Any, y_pred: Any) -> Any:
        counted = ops.cast(y_true >= 0, y_pred.dtype)
        chance = ops.clip(y_pred, 1e-7, 1 - 1e-7)
        wanted = ops.maximum(y_true, 0)
        each = -(wanted * ops.log(chance) + (1 - wanted) * ops.log(1 - chance))
        return ops.sum(counted * each) / ops.maximum(ops.sum(counted), 1)

    def boxes(y_true: Any, y_pred: Any) -> Any:
        counted, deltas = y_true[..., :12], y_true[..., 12:]
        gap = ops.abs(deltas - y_pred)
        each = ops.where(gap < 1 / 9, 4.5 * ops.square(gap), gap - 0.5 / 9)
        return ops.sum(counted * each) / ops.maximum(ops.sum(counted), 1)

    image = keras.Input((16, 16, 3), name="image")
    x = image
    for width in (2, 4, 8):
        for _ in range(2):
            x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
    outputs = {
        "scores": layers.Conv2D(3, 1, activation="sigmoid")(x),
        "boxes": layers.Conv2D(12, 1)(x),
    }
    model = keras.Model(image, outputs)
    model.compile(optimizers.Adam(1e-4), {"scores": scores, "boxes": boxes})
    return model


def _correlation(a: Any, b: Any) -> Any:
    a = a - ops.mean(a, axis=-1, keepdims=True)
    b = b - ops.mean(b, axis=-1, keepdims=True)
    spread = ops.sum(ops.square(a), axis=-1) * ops.sum(ops.square(b), axis=-1)
    return ops.sum(a * b, axis=-1) / ops.sqrt(spread + 1e-7)


def _ranks(x: Any) -> Any:
    return ops.cast(ops.argsort(ops.argsort(x, axis=-1), axis=-1), "float64")


def spearman() -> Any:
    def loss(y_true: Any, y_pred: Any) -> Any:
        gaps = ops.expand_dims(y_pred, -1) - ops.expand_dims(y_pred, -2)
        soft = ops.sum(sigmoid(10.0 * gaps), axis=-1)
        return 1 - _correlation(_ranks(y_true), soft)

    def rank_correlation(y_true: Any, y_pred: Any) -> Any:
        return _correlation(_ranks(y_true), _ranks(y_pred))

    features = keras.Input((8, 5), name="features")
    x = layers.Dense(32, activation="tanh")(features)
    x = layers.Dense(32, activation="tanh")(x)
    model = keras.Model(features, layers.Flatten()(layers.Dense(1, use_bias=False)(x)))
    model.compile("adam", loss, metrics=[rank_correlation])
    return model


def filters() -> Any:
    image = keras.Input((8, 8, 1), name="image")
    x = layers.Conv2D(16, 3, padding="same", activation="relu", name="vision.conv1")(image)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(32, 3, padding="same", activation="relu", name="vision.conv2")(x)
    x = layers.Flatten()(layers.MaxPooling2D(2)(x))
    model = keras.Model(image, layers.Dense(10, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Places(layers.Layer):  # type: ignore[misc]
    """1 where a window of 2x2 is largest."""

    def call(self, x: Any) -> Any:
        import jax

        return jax.grad(lambda v: ops.sum(ops.max_pool(v, 2, 2)))(x)

    def compute_output_spec(self, x: Any) -> Any:
        return keras.KerasTensor(x.shape, x.dtype)


def what_where() -> Any:
    image = keras.Input((8, 8, 1), name="image")
    x = image
    maps, places = [image], []
    for count in (2, 3):
        x = layers.Conv2D(count, 3, padding="same", activation="relu")(x)
        places.append(ops.stop_gradient(Places()(x)))
        x = layers.MaxPooling2D(2)(x)
        maps.append(x)
    y = layers.UpSampling2D(2)(x) * places[1]
    y = layers.Conv2DTranspose(2, 3, padding="same", activation="relu")(y)
    off = Loss()(0.1 * ops.mean(ops.square(y - ops.stop_gradient(maps[1]))))
    y = layers.UpSampling2D(2)(y) * places[0]
    y = layers.Conv2DTranspose(1, 3, padding="same", activation="sigmoid")(y)
    model = keras.Model(image, y + 0.0 * off)
    model.compile("adam", "mse")
    return model


def _generator(trainable: bool) -> Any:
    seed = keras.Input((4,))
    x = seed
    for name, width in (("dense", 6), ("dense_1", 12)):
        x = layers.Dense(width, name=f"generator.{name}", trainable=trainable)(x)
        x = layers.LeakyReLU(0.2)(x)
        norm = name.replace("dense", "generator.batch_normalization")
        x = layers.BatchNormalization(momentum=0.8, name=norm, trainable=trainable)(x)
    last = layers.Dense(9, activation="sigmoid", name="generator.dense_2", trainable=trainable)
    return keras.Model(seed, last(x))


def _discriminator(trainable: bool) -> Any:
    image = keras.Input((9,))
    x = layers.Rescaling(2.0, offset=-1.0)(image)
    for name, width in (("dense", 12), ("dense_1", 6)):
        x = layers.Dense(width, name=f"discriminator.{name}", trainable=trainable)(x)
        x = layers.LeakyReLU(0.2)(x)
    last = layers.Dense(1, name="discriminator.dense_2", trainable=trainable)
    return keras.Model(image, last(x))


def judge() -> Any:
    image, seed = keras.Input((9,), name="image"), keras.Input((4,), name="seed")
    decide = _discriminator(True)
    real, made = decide(image), decide(_generator(False)(seed))
    objective = ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(made)) + 0.1 * ops.mean(real)
    certainty = sigmoid(layers.Concatenate()([real, made])) + 0.0 * Loss()(objective)
    model = keras.Model({"image": image, "seed": seed}, certainty)
    model.compile(optimizers.Adam(5e-4, beta_1=0.5))
    return model


def forge() -> Any:
    seed = keras.Input((4,), name="seed")
    made = _generator(True)(seed)
    objective = Loss()(ops.mean(ops.softplus(-_discriminator(False)(made))))
    model = keras.Model(seed, made + 0.0 * objective)
    model.compile(optimizers.Adam(5e-4, beta_1=0.5))
    return model


def vae() -> Any:
    image = keras.Input((9,), name="image")
    h = layers.Dense(6, activation="relu")(image)
    centre, spread = layers.Dense(2)(h), layers.Dense(2)(h)
    code = keras.Input((2,))
    x = layers.Dense(6, activation="relu", name="decoder.dense")(code)
    decoder = keras.Model(code, layers.Dense(9, activation="sigmoid", name="decoder.dense_1")(x))
    each = ops.sum(1 + spread - ops.square(centre) - ops.exp(spread), axis=-1)
    divergence = Loss()(-0.5 * ops.mean(each) / 9)
    model = keras.Model(image, decoder(centre) + 0.0 * divergence)
    model.compile("adam", "binary_crossentropy")
    return model
