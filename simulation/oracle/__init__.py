"""The yardstick: useful heat that no scheduler can beat, by a linear program that knows all."""
