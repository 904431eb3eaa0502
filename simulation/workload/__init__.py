"""The jobs that a simulated fleet is asked to run: drawn from models, or taken from a log."""
