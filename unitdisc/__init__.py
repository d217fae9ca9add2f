"""Unsupervised unit discovery for speech and handwriting."""

__version__ = "0.1.0"
