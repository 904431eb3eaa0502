"""Nodes set aside for a time: who made which, for whom, and what is in the way."""
