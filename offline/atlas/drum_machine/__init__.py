"""The data of a drum machine."""
