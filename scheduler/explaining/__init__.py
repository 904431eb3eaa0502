"""Why a job waits, or runs where it does, for whoever asks: what no policy needs to know."""
