"""How a claimed attempt becomes a program in a directory of its own."""
