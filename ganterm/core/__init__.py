"""What several rooms speak of: records, settings, registries, and nothing that is heavy."""
