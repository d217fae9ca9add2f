"""Commands that score by ABX."""
