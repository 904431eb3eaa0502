"""The agent and the API: its one outgoing connection, who it is there, hints and readings."""
