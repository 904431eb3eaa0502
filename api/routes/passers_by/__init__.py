"""What is open to whoever stands before a boiler."""
