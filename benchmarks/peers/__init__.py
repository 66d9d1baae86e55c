"""kgen beside PyTorch, JAX and Keras: every one in a process of its own, asked in turn."""
