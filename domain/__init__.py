"""What the words mean: values, states, events and commands shared by every program."""
