"""Measurements: one module per case, each beside its rival in the same run, results compared before times."""
