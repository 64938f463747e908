"""The atlas: many samples become a map to play. Here is its folder, and what is known of each sound; see `store`."""
