"""The catalogue of trainings: what each one develops, from which level to which, and when.

Vocabulary. A *training* is an offer of a *provider*; its *competence steps* say what level it
starts from and leads to; a *training session* is one occasion of it, with dates, a place and seats.
Each is known to the system that published it by an *external id* (issuer and value).

Invariants. A training serves at least one competence, each once, and leads to a higher level than
it starts from; levels exist in their framework. Trainings that build on each other form no circle.
A withdrawn training stays, so that whoever follows changes learns of it. The shipped catalogue
belongs to the public tenant: all read it, nobody changes it.
"""
