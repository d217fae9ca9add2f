"""Training: batches of random chunks, the loop over epochs, averaged weights, and resuming."""
