"""Scores of unit sequences against labels: numpy and numba only, no model, no corpus reader, usable on their own."""
