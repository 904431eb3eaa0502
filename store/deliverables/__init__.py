"""Files that collectivities get by themselves: what is planned, made from, and was made."""
