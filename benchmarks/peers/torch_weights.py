"""Keras's weights given to a PyTorch model: the same numbers in another order.

PyTorch pads a strided convolution on both sides where Keras pads at the end only. Seen in a
mirror, the one is the other: `mirrored` loads a network that works on mirrored pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.peers.torch_net import Attention, FromPicture, Lstm, ToPicture


def load_weights(net: nn.Module, weights: Sequence[Any], *, mirrored: bool) -> None:
    """Give all weights to the modules in their order of definition, which is Keras's.

    Raises:
        ValueError: there are more weights than places.
    """
    left = iter(weights)
    with torch.no_grad():
        for module in leaves(net):
            _load(module, lambda: next(left), mirrored)
    rest = len(list(left))
    if rest:
        raise ValueError(f"{rest} weights are left over")


def leaves(module: nn.Module) -> Iterator[nn.Module]:
    """The modules that have weights of their own, and attention as a whole."""
    for child in module.children():
        if isinstance(child, Attention) or list(child.parameters(recurse=False)):
            yield child
        else:
            yield from leaves(child)


def _put(place: Any, value: Any) -> None:
    place.copy_(torch.from_numpy(np.ascontiguousarray(value)))


def _load(module: nn.Module, take: Callable[[], Any], mirrored: bool) -> None:
    """One module's weights."""
    if isinstance(module, Attention):
        _attention(module, take)
    elif isinstance(module, nn.GRU):
        _gru(module, take)
    elif isinstance(module, Lstm):
        for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0"):
            _put(getattr(module, name), take().T)
    elif isinstance(module, nn.Embedding):
        _put(module.weight, take())
    elif isinstance(module, nn.BatchNorm2d | nn.LayerNorm):
        for name in ("weight", "bias", "running_mean", "running_var"):
            if hasattr(module, name):
                _put(getattr(module, name), take())
    else:
        _affine(module, take, mirrored)


def _affine(module: Any, take: Callable[[], Any], mirrored: bool) -> None:
    """A dense layer or a convolution."""
    value = take()
    if isinstance(module, FromPicture):
        value = _channels_first(value.reshape(*module.picture, -1), mirrored)
        value = value.reshape(-1, module.out_features).T
    elif isinstance(module, nn.Linear):
        value = value.T
    else:  # the places first, then channels: both kinds swap them, mirrored or not
        places = tuple(range(value.ndim - 2))
        value = np.flip(value, places) if mirrored else value
        value = np.moveaxis(value, (-1, -2), (0, 1))
    if isinstance(module, ToPicture):
        value = _to_picture(value.T, module, mirrored).T
    _put(module.weight, value)
    if module.bias is not None:
        bias = take()
        if isinstance(module, ToPicture):
            bias = _to_picture(bias, module, mirrored)
        _put(module.bias, bias)


def _channels_first(value: Any, mirrored: bool) -> Any:
    """`[height, width, channels, n]` as `[channels, height, width, n]`."""
    return np.moveaxis(value[::-1, ::-1] if mirrored else value, 2, 0)


def _to_picture(value: Any, module: ToPicture, mirrored: bool) -> Any:
    """The last dimension from a picture channels last to one channels first."""
    picture = np.moveaxis(value.reshape(-1, *module.picture), 0, -1)
    turned = _channels_first(picture, mirrored)
    return np.moveaxis(turned, -1, 0).reshape(value.shape)


def _gru(module: nn.GRU, take: Callable[[], Any]) -> None:
    """Keras's gates are update, reset, new; PyTorch's reset, update, new."""

    def gates(value: Any) -> Any:
        update, reset, new = np.split(value, 3, axis=-1)
        return np.concatenate([reset, update, new], axis=-1)

    for end in ("_l0", "_l0_reverse") if module.bidirectional else ("_l0",):
        _put(getattr(module, f"weight_ih{end}"), gates(take()).T)
        _put(getattr(module, f"weight_hh{end}"), gates(take()).T)
        for name, bias in zip(("bias_ih", "bias_hh"), gates(take()), strict=True):
            _put(getattr(module, name + end), bias)


def _attention(module: Attention, take: Callable[[], Any]) -> None:
    """Queries, keys, values and the output: kernels `[width, heads, depth]`, and biases."""
    width = module.out.in_features
    pairs = [(take().reshape(width, width), take().reshape(width)) for _ in range(4)]
    _put(module.into.weight, np.concatenate([kernel for kernel, _ in pairs[:3]], axis=1).T)
    _put(module.into.bias, np.concatenate([bias for _, bias in pairs[:3]]))
    _put(module.out.weight, pairs[3][0].T)
    _put(module.out.bias, pairs[3][1])
