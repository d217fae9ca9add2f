"""Models with one interface: encoder, bottleneck and objective, and the k-means baseline."""
