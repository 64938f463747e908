"""The atlas: a pile of samples becomes a map that can be played. One step a module; see `atlas.store`."""
