"""What the engine is told, decides, learns and sends, and which scheduler runs it."""
