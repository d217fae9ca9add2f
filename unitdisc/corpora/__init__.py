"""Readers of corpora, one module per layout (registry.corpora), and the two samples that are made on the spot."""
