"""The picture of a kit."""
