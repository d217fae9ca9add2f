"""Other people's files, each format read (and written) in one place; nothing here runs what a file holds."""
