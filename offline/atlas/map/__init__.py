"""Maps and grids."""
