"""The policies by name: which instance starts on which node, and why."""
