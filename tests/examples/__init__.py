"""Scripts as people write them, run by tests as they stand."""
