"""The user's own hits, on a pad or the space bar."""
