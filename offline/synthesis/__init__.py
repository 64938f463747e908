"""Sounds made by rule or with a soundfont: drums, and notes through fluidsynth."""
