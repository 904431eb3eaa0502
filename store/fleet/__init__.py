"""Sites and nodes, what they report, and what they are told."""
