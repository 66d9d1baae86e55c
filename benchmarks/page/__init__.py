"""The page of results, made from the files that runs save."""
