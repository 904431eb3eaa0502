"""Commands on sites, nodes, what they have and when they are set aside."""
