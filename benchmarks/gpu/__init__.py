"""Checks on a CUDA device, each beside the CPU, and speed beside plain PyTorch and vector-quantize-pytorch."""
