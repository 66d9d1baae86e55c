"""Jinja templates of the emitted modules, one folder a target."""
