"""Starts jobs, holds their deadlines and outlives the agent; stdlib only, one thread."""
