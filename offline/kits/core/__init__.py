"""What a kit is made of: the record it is cut from, the options, its slices and their names."""
