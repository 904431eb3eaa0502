"""The machine itself: what it is made of, which boot it is in, what its commands answer."""
