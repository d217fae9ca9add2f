"""Readers of corpora, one a layout, and the two samples that are made on the spot."""
