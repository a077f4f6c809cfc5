"""What a calibration decides: which answers count, what holds the scale, what becomes of an item.

The statistics are ``psychometrics.calibration``; here is what this service makes of them. Pure.
"""
