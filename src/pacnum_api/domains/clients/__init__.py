"""Who may call the service, and on whose behalf.

Vocabulary: a *tenant* is an organisation whose data no other sees; an *API client* is a program of
one tenant, known by its ``client_id``; it proves itself by a *secret* or by an *assertion* signed
with a key of its own, and is given *access tokens* that carry *scopes*. Its *origins* are the web
sites whose pages may call with the session tokens it hands out.

Invariants: a client never gets a scope it does not hold; a secret is shown once and kept as an
argon2id hash; an assertion serves once; a revoked client gets no token, and its tokens die within
seconds.
"""
