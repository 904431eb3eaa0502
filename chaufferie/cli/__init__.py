"""The command line: what a person types, put to the server and printed for people or programs."""
