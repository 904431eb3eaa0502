"""What an operator calls to run the fleet, and programs of his to watch it."""
