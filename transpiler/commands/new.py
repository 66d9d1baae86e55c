"""`kgen new`."""

from __future__ import annotations

import re
from pathlib import Path

import click
from kgen.commands.options import show

MODEL = '''\
# Train it:  kgen train {stem}.k --data data.npz --epochs 20
# Use it:    kgen evaluate {stem}.k --weights {stem}.safetensors --data data.npz

param width = 64

model {title}:
    """Eight features to three classes."""
    input features: float32[8]
    output label = features
        |> Dense(width, activation="relu")
        |> Dense(width, activation="relu")
        |> Dense(3, activation="softmax")
    train:
        optimizer = "adam"
        loss = "sparse_categorical_crossentropy"
        metrics = ["accuracy"]
'''
DATA = '''\
"""Writes data.npz with rows made up for a start: put your own in their place."""

import numpy as np

rng = np.random.default_rng(0)
features = rng.standard_normal((1200, 8)).astype(np.float32)
label = (features @ rng.standard_normal((8, 3))).argmax(axis=1)
np.savez(
    "data.npz",
    features=features[:1000],
    label=label[:1000],
    test_features=features[1000:],
    test_label=label[1000:],
)
'''
README = """\
# {title}

    python make_data.py
    kgen train {stem}.k --data data.npz --epochs 20

`{stem}.py` is the module that kgen writes: readable, importable, with the weights in
`{stem}.safetensors`. From Python:

    import {stem}
    net = {stem}.{title}.load("{stem}.safetensors")
    net.predict(features)
"""
IGNORED = """\
__pycache__/
*.safetensors
*.history.*
data.npz
"""


@click.command(short_help="Start a project folder.")
@click.argument("name")
def new(name: str) -> None:
    """Make a folder NAME with a model, a script that makes data for it, and a README."""
    from kgen.building import module_name

    folder = Path(name)
    if not re.search(r"[A-Za-z]", folder.name):
        raise click.UsageError(f"{name!r} has no letter to name a model after")
    if folder.exists():
        raise click.UsageError(f"{name} exists already")
    stem = module_name(f"{folder.name}.k")
    if stem == "make_data":
        stem = "made_data"  # the module must not replace the script
    title = "".join(part.capitalize() for part in stem.split("_"))
    if _taken(title):
        title = f"{title}Net"
    files = {
        f"{stem}.k": MODEL,
        "make_data.py": DATA,
        "README.md": README,
        ".gitignore": IGNORED,
    }
    folder.mkdir(parents=True)
    for file, text in files.items():
        (folder / file).write_text(_filled(text, stem, title), encoding="utf-8")
        show(str(folder / file))


def _taken(title: str) -> bool:
    """Whether a model cannot be called so, or would hide something that it needs."""
    from kgen.compiler import check_text
    from kgen.layers.registry import FAMILIES, find

    known = any(find(family, title) is not None for family in FAMILIES)
    return known or bool(check_text(_filled(MODEL, "model", title), "model.k"))


def _filled(text: str, stem: str, title: str) -> str:
    # Plain replacement: the texts have braces of their own nowhere else.
    return text.replace("{stem}", stem).replace("{title}", title)
