"""Rival quantisers in the place of ours, trained by the same loop from the same network."""
