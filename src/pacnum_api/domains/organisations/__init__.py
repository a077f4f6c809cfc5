"""The people who are tested, as their employers name them.

Vocabulary: an *agent* is a member of a public administration's staff; an *external id* is the pair
of an issuer (an HR system, a directory) and the value by which that issuer knows the agent.

Invariants: nothing here names a person: an agent is an opaque identifier and a language. One
external id stands for exactly one agent of a tenant.
"""
