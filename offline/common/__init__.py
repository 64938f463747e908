"""What every part needs: progress, processes, colours."""
