"""Unit sequences: encoding, segmentation, acoustic pieces and exports."""
