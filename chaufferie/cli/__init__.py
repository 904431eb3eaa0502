"""The command line: what a person types, each command a thin use of the SDK."""
