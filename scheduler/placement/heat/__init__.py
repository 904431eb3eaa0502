"""What the heat-aware policies alone ask: what becomes of heat, and whose is wanted."""
