"""What convolutional LSTMs do in one step: an LSTM's gates, made by convolutions."""

from __future__ import annotations

from dataclasses import dataclass

from kgen import ops
from kgen.dims import plus, times
from kgen.graph import Shape, TensorType, Value
from kgen.layers.cells import LSTMUnit, columns
from kgen.layers.convolution import convolved
from kgen.layers.noise import stream
from kgen.layers.windows import borders
from kgen.ops.convolve import window_positions


@dataclass(eq=False)
class ConvLSTMUnit(LSTMUnit):
    """c' = f c + i g, h' = o activation(c'), of images; Shi et al. (2015).

    `shape` is that of one step of the inputs, `[batch, *positions, channels]`. The inputs are
    convolved as the options say, for all steps at once, the previous output such that its
    positions stay.
    """

    shape: Shape

    @property
    def units(self) -> int:
        return int(self.options["filters"])

    @property
    def taps(self) -> tuple[int, ...]:
        return tuple(self.options["kernel_size"])

    @property
    def state_shapes(self) -> list[Shape]:
        strides, dilation = self.options["strides"], self.options["dilation_rate"]
        low, high = borders(self.options["padding"], self.shape[1:-1], self.taps, strides, dilation)
        batch, *sizes, channels = self.shape
        padded = (plus(size, a + b) for size, a, b in zip(sizes, low, high, strict=True))
        x = TensorType("float32", (batch, *padded, channels))
        positions = window_positions("a kernel", x, self.taps, strides, dilation)
        return [(*positions, self.units)] * 2

    def kernel(self, x: Value) -> Value:
        return self.weight("kernel", (*self.taps, self._channels, self.gates * self.units))

    def recurrent_kernel(self) -> Value:
        return self.weight("recurrent_kernel", (*self.taps, self.units, self.gates * self.units))

    @property
    def _channels(self) -> int:
        channels = self.shape[-1]
        assert isinstance(channels, int)
        return channels

    def _masks(self, option: str, shape: Shape) -> list[Value]:
        """Dropout's factors for each gate, the same at every step; nothing if there are none."""
        rate = self.options[option]
        if not self.scope.training or rate in (0.0, 1.0):
            return []
        draws = [
            ops.random_uniform(shape, stream(self.scope, self.options["seed"]))
            for _ in range(self.gates)
        ]
        scale = ops.constant(1.0 / (1.0 - rate))
        return [ops.where(drawn >= rate, scale, 0.0) for drawn in draws]

    def project(self, x: Value) -> list[Value]:
        batch, length, *rest = x.shape
        kernel = self.kernel(x)
        self.recurrent_kernel()  # before the bias, as Keras orders a layer's weights
        bias = self.bias()
        state = (batch, *self.state_shapes[0])
        self._recurrent_masks = self._masks("recurrent_dropout", state) or None
        masks = self._masks("dropout", (batch, *rest))
        gates: list[Value] = []
        for k, mask in enumerate(masks):
            masked = x * ops.reshape(mask, (batch, 1, *rest))
            gates.append(self._convolved(masked, columns(kernel, k, self.units)))
        z = ops.concatenate(gates, -1) if gates else self._convolved(x, kernel)
        z = z if bias is None else z + bias
        return [ops.reshape(z, (batch, length, *z.shape[1:]))]

    def _convolved(self, x: Value, kernel: Value) -> Value:
        """All steps of a sequence, as rows of one large batch."""
        rows = ops.reshape(x, (times(*x.shape[:2]), *x.shape[2:]))
        padding, strides = self.options["padding"], self.options["strides"]
        return convolved(rows, kernel, 1, padding, strides, self.options["dilation_rate"])

    def recurrent(self, h: Value, first: int = 0, count: int | None = None) -> list[Value]:
        count = self.gates - first if count is None else count
        gates = range(first, first + count)
        if self._recurrent_masks is None:
            z = self._product(h)
            return [columns(z, k, self.units) for k in gates]
        kernel, masks = self.recurrent_kernel(), self._recurrent_masks
        return [self._kept(h * masks[k], columns(kernel, k, self.units)) for k in gates]

    def _product(self, h: Value) -> Value:
        return self._kept(h, self.recurrent_kernel())

    def _kept(self, h: Value, kernel: Value) -> Value:
        """h convolved, as many positions as before."""
        ones = (1,) * len(self.taps)
        return convolved(h, kernel, 1, "same", ones, ones)
