"""Matrices (T, D) of features: computed from recordings, line images or colour images, stored, and normalised."""
