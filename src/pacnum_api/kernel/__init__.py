"""What every other package may rely on: errors, identifiers and pages. Standard library only."""
