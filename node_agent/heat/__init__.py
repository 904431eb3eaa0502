"""Heat of one boiler: the local law, its cycle, and the files between keeper and agent."""
