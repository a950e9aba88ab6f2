"""A version's life: source, manager, policy, servable. Standard library only."""
