"""Unit sequences in the formats of other programs, one small module per format (registry.exports)."""
