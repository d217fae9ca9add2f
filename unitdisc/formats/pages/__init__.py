"""Page files: PAGE XML and ALTO, their lines, and how a line is cut out of the image of its page."""
