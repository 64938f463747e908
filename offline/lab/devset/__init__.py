"""A development set: real drums, loops and instruments that no model was trained on, with known positions."""
