"""Readers of corpora, one module per kind (registry.corpora), and the two generated sample corpora."""
