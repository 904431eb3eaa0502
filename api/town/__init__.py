"""What towns are shown, and who of them may see it."""
