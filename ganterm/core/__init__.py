"""What several rooms speak of: settings, registries of components, and nothing that is heavy."""
