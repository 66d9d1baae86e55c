"""Graph to Graph, one small file a pass."""
