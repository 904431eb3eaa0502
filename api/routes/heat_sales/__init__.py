"""Heat that is sold: the towns that buy it, their contracts, statements and disputes."""
