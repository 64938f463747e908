"""MIDI: messages, ports, the sender, the file, the clock."""
