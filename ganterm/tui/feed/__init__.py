"""What the app knows of its runs, gathered from their directories; no Textual here."""
