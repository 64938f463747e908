"""The demo recording: thirty seconds of soul jazz composed by rule, played by a soundfont, as a worn record."""
