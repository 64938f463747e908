"""Notes from anything, chords mixed of them, and the training of the harmony model."""
