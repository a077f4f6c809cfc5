"""What ships: frameworks, items, trainings (YAML), and the proofs of the items' keys (Python)."""
