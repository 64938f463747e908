"""From a record to a kit: find chops, choose the best and most different, cut, name, draw."""
