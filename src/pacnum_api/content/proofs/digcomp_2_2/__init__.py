"""Proofs for DigComp 2.2, one module a competence; written without sight of the keys."""
