"""Probes: how well simple classifiers predict labels from the vectors of a run, before and after its bottleneck."""
