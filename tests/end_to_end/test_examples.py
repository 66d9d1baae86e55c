"""Every example against its twin in Keras: outputs, gradients, losses and weights of some steps."""

from __future__ import annotations

from typing import Any

import example_twins as twins
import numpy as np
import pytest
from example_case import Example, check_example
from twins import Arrays, labels, numbers, one_hot

ROWS = 11
SMALL_GAN = {"noise": "4", "width": "6", "pixels": "9", "rate": "0.0"}


def one(name: str, shape: tuple[int, ...]) -> Any:
    """A single input of numbers."""
    return lambda: {name: numbers(shape, ROWS, 1)}


def classes(name: str, count: int) -> Any:
    return lambda: {name: one_hot(count, ROWS, 2)}


def sparse(name: str, count: int) -> Any:
    return lambda: {name: labels(count, ROWS, 2)}


def visual_question() -> Arrays:
    return {"image": numbers((30, 30, 3), ROWS, 1), "question": twins.words(11, 4, ROWS, 3)}


def video_question() -> Arrays:
    return {
        "video": numbers((3, 30, 30, 3), ROWS, 1),
        "question": twins.words(11, 4, ROWS, 3),
        "another": twins.words(11, 4, ROWS, 4),
    }


def profiles() -> Arrays:
    return {
        "age": numbers((1,), ROWS, 2),
        "income": one_hot(10, ROWS, 3),
        "gender": twins.truths(1, ROWS, 4),
    }


def questions() -> Arrays:
    texts = {"question": (3, 1), "right": (5, 2), "wrong": (5, 3)}
    return {name: twins.words(12, size, ROWS, seed) for name, (size, seed) in texts.items()}


def labelled() -> Arrays:
    return {"image": numbers((12, 12, 3), ROWS, 1), "label": twins.words(7, 1, ROWS, 2)}


def pairs() -> Arrays:
    return {"left": numbers((784,), ROWS, 1), "right": numbers((784,), ROWS, 2)}


def captioned() -> Arrays:
    text = twins.words(11, 5, ROWS, 3)
    text[::2, 3:] = 0
    return {"picture": numbers((17,), ROWS, 1), "words": text}


def anchors() -> Arrays:
    rng = np.random.default_rng(5)
    scores = rng.integers(-1, 2, (ROWS, 2, 2, 3)).astype(np.float32)
    counted = np.repeat(scores == 1, 4, -1).astype(np.float32)
    deltas = rng.uniform(-1, 1, counted.shape).astype(np.float32)
    return {"scores": scores, "boxes": np.concatenate([counted, deltas], -1)}


FAST = [
    Example(
        "40_spearman.k",
        "Spearman",
        twins.spearman,
        one("features", (8, 5)),
        lambda: {"scores": numbers((8,), ROWS, 2)},
    ),
]
SLOW = [
    Example(
        "27_antirectifier.k",
        "AntirectifierMlp",
        twins.antirectifier,
        one("image", (784,)),
        classes("digit", 10),
        {"width": "9", "rate": "0.0"},
    ),
    Example(
        "17_visual_question.k",
        "VisualQuestion",
        twins.visual_question,
        visual_question,
        classes("answer", 7),
        {"size": "30", "words": "4", "vocabulary": "11", "filters": "2", "answers": "7"},
    ),
    Example(
        "18_video_question.k",
        "VideoQuestion",
        twins.video_question,
        video_question,
        lambda: {"answer": labels(7, ROWS, 5), "other_answer": labels(7, ROWS, 6)},
        {
            "frames": "3",
            "size": "30",
            "words": "4",
            "vocabulary": "11",
            "filters": "1",
            "answers": "7",
        },
    ),
    Example(
        "20_posts.k",
        "Posts",
        twins.posts,
        lambda: {"posts": twins.words(13, 21, ROWS, 1)},
        profiles,
        {"vocabulary": "13", "width": "8", "window": "2"},
    ),
    Example(
        "25_answer_ranking.k",
        "AnswerRanking",
        twins.answer_ranking,
        questions,
        defines={"vocabulary": "12", "width": "6", "units": "5"},
    ),
    Example(
        "26_centre_loss.k",
        "CentreLoss",
        twins.centre_loss,
        labelled,
        lambda: {"digit": labels(7, ROWS, 2), "distance": np.zeros((ROWS, 1), np.float32)},
        {"size": "12", "classes": "7"},
    ),
    Example(
        "28_wider_deeper.k",
        "Student",
        twins.wider_deeper,
        one("image", (8, 8, 1)),
        classes("digit", 10),
        {"size": "8", "filters": "5", "units": "9", "deeper": "True"},
    ),
    Example(
        "30_contrastive_siamese.k",
        "Siamese",
        twins.siamese,
        pairs,
        lambda: {"distance": twins.truths(1, ROWS, 3)},
        {"rate": "0.0"},
    ),
    Example(
        "31_transfer.k",
        "Transfer",
        twins.transfer,
        one("image", (10, 10, 1)),
        classes("digit", 5),
        {"size": "10", "filters": "3", "rate": "0.0", "frozen": "True"},
    ),
    Example(
        "33_large_files.k",
        "LargeFiles",
        twins.large_files,
        one("image", (784,)),
        sparse("digit", 10),
    ),
    Example(
        "34_search.k",
        "Search",
        twins.search,
        one("image", (12, 12, 1)),
        sparse("digit", 10),
        {
            "size": "12",
            "filters": "4",
            "kernel": "2",
            "pool": "3",
            "rate": "0.0",
            "dense_sizes": "[9, 7]",
        },
    ),
    Example(
        "37_captions.k",
        "Captions",
        twins.captions,
        captioned,
        sparse("word", 11),
        {"features": "17", "vocabulary": "11", "length": "5", "width": "8"},
    ),
    Example(
        "38_region_proposals.k",
        "RegionProposals",
        twins.region_proposals,
        one("image", (16, 16, 3)),
        anchors,
        {"size": "16", "filters": "2", "anchors": "3"},
    ),
    Example(
        "42_filters.k",
        "Digits",
        twins.filters,
        one("image", (8, 8, 1)),
        sparse("digit", 10),
        {"size": "8", "rate": "0.0"},
    ),
    Example(
        "44_what_where.k",
        "WhatWhere",
        twins.what_where,
        one("image", (8, 8, 1)),
        lambda: {"rebuilt": twins.truths(64, ROWS, 2).reshape(ROWS, 8, 8, 1)},
        {"size": "8", "filters": "[2, 3]"},
    ),
    Example(
        "45_gan.k",
        "Forge",
        twins.forge,
        one("seed", (4,)),
        defines=SMALL_GAN,
    ),
    Example(
        "45_gan.k",
        "Judge",
        twins.judge,
        lambda: {"image": numbers((9,), ROWS, 1), "seed": numbers((4,), ROWS, 2)},
        defines=SMALL_GAN,
    ),
    Example(
        "45_vae.k",
        "Vae",
        twins.vae,
        one("image", (9,)),
        lambda: {"rebuilt": twins.truths(9, ROWS, 2)},
        {"pixels": "9", "width": "6", "latent": "2", "noise": "0.0"},
    ),
]


@pytest.mark.parametrize("example", FAST, ids=lambda example: example.id)
def test_an_example_agrees_with_keras(example: Example) -> None:
    check_example(example)


@pytest.mark.slow
@pytest.mark.parametrize("example", SLOW, ids=lambda example: example.id)
def test_examples_agree_with_keras(example: Example) -> None:
    check_example(example)
