"""Measurements: kgen beside its peers, each kernel beside the machine, cost by size, start-up."""
