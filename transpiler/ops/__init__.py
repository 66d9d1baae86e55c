"""Primitive operations, one declaration each."""
