"""Following a run from its journal: on a terminal, in plain lines, or as JSON lines."""
