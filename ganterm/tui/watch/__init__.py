"""What the monitor knows beyond the run itself, without any widget."""
