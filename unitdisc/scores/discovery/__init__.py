"""Unit discovery: units against labels, by mapping, clustering, boundaries, edits and usage."""
