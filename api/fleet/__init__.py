"""Sites, nodes and heat as they are shown."""
