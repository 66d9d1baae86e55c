"""kgen: from a compact, Keras-like model language to native, readable modules."""

__version__ = "0.1.0"
