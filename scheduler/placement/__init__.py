"""Pure policies: which instance starts on which node, and why."""
