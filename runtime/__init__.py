"""What emitted modules import at run time: tiles, threads, and the `Model` class."""
