"""Code that finds the keys of shipped items again from their files; run by ``pacnum bank lint``."""
