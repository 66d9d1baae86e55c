"""The layers of the PyTorch peers that PyTorch itself does not have, or names otherwise.

Pictures and sequences come channels last, as everybody's data does; a view makes them channels
first, in the memory format that convolutions on a processor like best.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class ChannelsFirst(nn.Module):
    """`[batch, ..., channels]` as `[batch, channels, ...]`: a view."""

    def forward(self, x: Any) -> Any:
        """The view."""
        return torch.movedim(x, -1, 1)


class ChannelsLast(nn.Module):
    """`[batch, channels, ...]` as `[batch, ..., channels]`: a view."""

    def forward(self, x: Any) -> Any:
        """The view."""
        return torch.movedim(x, 1, -1)


class Mean(nn.Module):
    """The mean over all places of each channel, channels first."""

    def forward(self, x: Any) -> Any:
        """One number a channel."""
        return x.flatten(2).mean(-1)


class Lstm(nn.LSTM):
    """The whole sequence, or its last output.

    The second bias, which Keras's layer does not have, stays zero.
    """

    def __init__(self, width: int, units: int, *, sequences: bool = False) -> None:
        super().__init__(width, units, batch_first=True)
        self.sequences = sequences
        second: Any = self.bias_hh_l0
        nn.init.zeros_(second)
        second.requires_grad_(False)

    def forward(self, x: Any, state: Any = None) -> Any:
        """The outputs."""
        outputs = super().forward(x, state)[0]
        return outputs if self.sequences else outputs[:, -1]


class FromPicture(nn.Linear):
    """A dense layer on a flattened picture of (height, width, channels)."""

    def __init__(self, picture: tuple[int, int, int], units: int) -> None:
        height, width, channels = picture
        super().__init__(height * width * channels, units)
        self.picture = picture


class ToPicture(nn.Linear):
    """A dense layer whose outputs become a picture of (height, width, channels)."""

    def __init__(self, units: int, picture: tuple[int, int, int]) -> None:
        height, width, channels = picture
        super().__init__(units, height * width * channels)
        self.picture = picture

    def forward(self, x: Any) -> Any:
        """The picture, channels first."""
        height, width, channels = self.picture
        return torch.unflatten(super().forward(x), 1, (channels, height, width))


class Attention(nn.Module):
    """Self-attention of several heads; one product makes queries, keys and values."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.into = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Any) -> Any:
        """What the heads saw, put together."""
        q, k, v = self.into(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(q, k, v)
        return self.out(seen.transpose(1, 2).flatten(2))
