"""What people look at to understand a model: its layers as a graph, its programs as a page."""
