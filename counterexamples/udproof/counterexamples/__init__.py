"""Runs as values: a `Trace` is what engines find, replay checks, files keep and pictures show."""
