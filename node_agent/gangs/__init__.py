"""Jobs of several nodes on their nodes: what waits on each for the one that runs the script."""
