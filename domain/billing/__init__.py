"""What use costs and how much of it is allowed."""
