"""Tags: what a sound is."""
