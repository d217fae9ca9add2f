"""Decoders: from codes (B, T', C) to the frames that they represent; one module per kind (registry.decoders)."""
