"""External file formats, each read (and written) in one module; nothing here runs what a file holds."""
