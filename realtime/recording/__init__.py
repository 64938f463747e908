"""What is kept of a session: its audio and its log, readable at every moment, whatever ends the program."""
