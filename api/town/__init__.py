"""What towns and passers-by are shown."""
