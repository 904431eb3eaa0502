"""Seats of licences that jobs take: who holds them, and who waits for them."""
