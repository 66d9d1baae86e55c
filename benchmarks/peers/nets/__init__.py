"""Each model as its peers write it: for Keras, for PyTorch, and by hand in JAX."""
