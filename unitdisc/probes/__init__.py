"""Probes: what a simple classifier tells from the vectors of a run, before and behind its bottleneck."""
