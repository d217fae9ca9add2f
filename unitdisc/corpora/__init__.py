"""Readers of corpora, one module per kind (registry.corpora), and the two generated sample corpora."""

from unitdisc.formats import audio as audio  # by the name that it had up to version 0.1
