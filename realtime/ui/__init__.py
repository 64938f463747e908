"""The live screen: rows of text and styles, laid out to fit a terminal of any size."""
