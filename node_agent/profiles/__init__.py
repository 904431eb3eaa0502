"""Programs for simulation: recipes in files, and what of them is found on this node."""
