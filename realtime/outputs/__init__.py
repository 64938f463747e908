"""Where events go besides MIDI: OSC, JSON lines."""
