"""Proofs for DigComp 2.2, one module a competence; written by solvers, not by the authors."""
