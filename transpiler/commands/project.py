"""From a `.k` file on the command line to a model class in this process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import click
from kgen.building import Built, build, module_name
from kgen.commands.options import say
from kgen.loading import import_file, load_with
from kgen.precision import FLOAT32
from kgen.suggest import suggest


def module_beside(
    source: str,
    directory: str | None,
    defines: Mapping[str, str],
    device: str,
    precision: str = FLOAT32,
    max_memory: int | None = None,
    batch_size: int | None = None,
) -> tuple[Built, ModuleType]:
    """Build where the user wants the module, say so if it changed, and import it.

    It is for training with batches of `batch_size` rows, which take up to `max_memory` bytes.
    """
    built = build(
        source,
        directory,
        params=defines,
        target=device,
        precision=precision,
        max_memory=max_memory,
        batch_size=batch_size,
        roles=("train", "evaluate"),
    )
    if built.changed:
        say(f"built {built.path}")
    return built, import_file(built.path)


def module_in_cache(
    source: str,
    defines: Mapping[str, str],
    device: str = "cpu",
    precision: str = FLOAT32,
    max_memory: int | None = None,
    batch_size: int | None = None,
    role: str = "predict",
) -> ModuleType:
    """Build in the cache folder and import: for commands that leave no module behind.

    Up to `max_memory` bytes are taken by what has the `role`, for batches of `batch_size` rows.
    """
    return load_with(
        source,
        defines,
        device,
        precision=precision,
        max_memory=max_memory,
        batch_size=batch_size,
        roles=(role,),
    )


def model_classes(module: ModuleType) -> dict[str, Any]:
    """The models of an emitted module by name, in order."""
    classes: list[Any] = [value for value in vars(module).values() if isinstance(value, type)]
    found = [kind for kind in classes if "spec" in vars(kind) and "programs" in vars(kind)]
    return {kind.spec.name: kind for kind in found}


def model_class(module: ModuleType, wanted: str | None, *, train: bool = False) -> Any:
    """The model called `wanted`; if None, the only one (that can be trained).

    Raises:
        click.UsageError: there is no such model, or more than one to choose from.
    """
    found = model_classes(module)
    if wanted is not None:
        if wanted not in found:
            hint = suggest(wanted, found) or f"its models are {', '.join(found)}"
            raise click.UsageError(f"the file has no model {wanted}; {hint}")
        found = {wanted: found[wanted]}
    trainable = {name: value for name, value in found.items() if value.programs.train}
    candidates = trainable if train or len(trainable) == 1 else found
    if not candidates:
        raise click.UsageError(
            f"{' and '.join(found)} cannot be trained or evaluated: no train: block, which says how"
        )
    if len(candidates) > 1:
        raise click.UsageError(f"the file has several models; add --model {'|'.join(candidates)}")
    return next(iter(candidates.values()))


def stem_of(source: str, module: Path) -> Path:
    """What results beside a module are named after: the model, on whatever device it ran."""
    return module.with_name(module_name(source))
