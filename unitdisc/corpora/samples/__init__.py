"""The embedded sample corpora: synthetic speech and drawn handwriting, generated with exact labels."""
