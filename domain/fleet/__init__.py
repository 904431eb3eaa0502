"""What stands in the sites: nodes, what they hold and what their instruments say."""
