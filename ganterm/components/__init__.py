"""All that a configuration can name, each kind in a registry: `ganterm.core.registry` says how."""
