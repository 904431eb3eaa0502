"""What runs brought: the figures, as JSON, put together over their seeds, and as a table."""
