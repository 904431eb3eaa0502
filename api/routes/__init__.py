"""One module for each kind of caller or thing."""
