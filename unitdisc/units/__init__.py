"""Unit sequences: encoding a split, and everything that is done with the units afterwards."""
