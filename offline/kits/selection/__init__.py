"""Which candidates become slices."""
