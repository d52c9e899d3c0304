"""What reaches the terminal: of all that is painted, only the cells that look different."""
