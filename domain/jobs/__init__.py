"""What people ask to be computed, and what becomes of it."""
