"""Random changes of frames that leave their labels alone; one module per kind (registry.augmentations)."""
