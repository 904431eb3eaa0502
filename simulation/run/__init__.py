"""One policy in one scene: the engine under virtual time, its racks and mishaps, and its books."""
