"""The subcommands of `kgen`, one small file for each or a few."""
