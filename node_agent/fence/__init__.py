"""What keeps a job off the network but for a few doors: name spaces, and a relay beside it."""
