"""A plan while it is being made, whatever the policy: what is free, kept, and decided so far."""
