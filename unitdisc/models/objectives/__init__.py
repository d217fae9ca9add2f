"""Objectives: what a model learns to do; one module per kind (registry.objectives)."""
