"""Measurements beside the peers; `python -m bench [name …]`, or `make bench ONLY="name …"`."""

NAMES = ("fastagi", "inbound", "sealing", "load", "scale", "imports")
"""Every measurement, in the order in which they run and stand in docs/benchmarks.md."""
