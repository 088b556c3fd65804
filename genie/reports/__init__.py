"""Reports: renderers of answers for the terminal and as HTML."""
