"""The embedded sample corpora: synthetic speech and drawn handwriting, made on the spot with exact labels."""
