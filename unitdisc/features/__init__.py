"""Matrices (T, D) of features: computed from recordings or line images, stored, and normalised."""
