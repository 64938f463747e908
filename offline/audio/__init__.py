"""Reading and decoding audio files, sample formats, RIFF chunks."""
