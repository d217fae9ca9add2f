"""Models: encoder, bottleneck and decoder, and the k-means baseline, behind one way to encode."""
