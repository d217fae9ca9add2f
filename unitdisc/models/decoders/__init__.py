"""Decoders: from codes (B, T', C) to the frames that they stand for; one module per kind (registry.decoders)."""
