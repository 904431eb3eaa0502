"""What everybody may see of a boiler, and the stickers that lead there."""
