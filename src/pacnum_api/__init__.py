"""Adaptive measurement of digital competences, and the training that follows from it.

The package is a functional core (``psychometrics`` and every domain's ``policy``) in an
imperative shell (``platform``, ``domains``, ``entrypoints``). ``docs/adr/0003-domain-grammar.md``
says what each folder and file may do.
"""
