"""What was used, and what it costs by the operator's file."""
