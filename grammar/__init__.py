"""The grammar of `.k`, and the standard library that is written in it."""
