"""What every command shares: words typed, figures shown, ways to end."""
