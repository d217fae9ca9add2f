"""One self-contained page that shows what was run and what came out."""
