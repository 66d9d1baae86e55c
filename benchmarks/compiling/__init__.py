"""What it costs to get from a `.k` file to machine code."""
