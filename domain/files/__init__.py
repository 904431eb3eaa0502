"""Files that jobs leave, and patterns of their names."""
