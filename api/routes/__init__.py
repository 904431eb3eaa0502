"""One room for each kind of caller."""
