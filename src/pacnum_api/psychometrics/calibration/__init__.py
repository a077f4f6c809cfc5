"""Calibration: parameters of items, and of the population, from the answers of many persons.

Pure, like all of ``psychometrics``; nothing here takes part in a test that is being run, and unlike
what does it uses the numerical libraries' own ``exp`` and linear algebra: results are repeatable to
rounding, not bit for bit on every machine.

Vocabulary
----------
anchor : an item whose parameters stay as they are, and so hold the scale.
free : what is estimated, as opposed to held.
node : one of the abilities at which the population's distribution is represented.
group : a population of persons; group 0 is the reference.
"""
