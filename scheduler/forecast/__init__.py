"""Pure beliefs about what comes: how long jobs run, what heat is wanted."""
