"""What is told to people and programs when something ends."""
