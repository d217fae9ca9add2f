"""Encoders: from frames (B, T, D) to one vector per token (B, T', C); one module per kind (registry.encoders)."""
