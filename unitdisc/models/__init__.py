"""Models: encoder, bottleneck and objective, and the k-means baseline, which answer the same calls."""
