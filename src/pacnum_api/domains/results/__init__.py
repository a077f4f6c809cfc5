"""What tests have measured, kept for the agent it belongs to.

Vocabulary: a *result* is one competence measured by one finished test session: ability theta with
its standard error, the level with the probabilities of all levels, why the measuring stopped. An
agent's *profile* is the latest result of each competence. A competence without a result is «not
assessed», which is not level 0.

Invariants: a result is written once, when its session ends, and never changes; it always carries
its uncertainty.
"""
