"""Keras's layers, losses, metrics, optimizers and initializers, one declaration each."""
