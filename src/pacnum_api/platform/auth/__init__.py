"""Who calls: signing keys, access tokens, the caller, and the dependencies that let it in.

``principal``, ``scopes``, ``tokens``, ``keys`` and ``errors`` know no web framework, so services
may use them; ``access`` is the FastAPI side. Nothing is re-exported here, to keep it that way.
"""
