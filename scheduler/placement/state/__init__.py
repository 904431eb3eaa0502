"""What the engine knows: nodes, the queue, what runs, and the limits that all must keep."""
