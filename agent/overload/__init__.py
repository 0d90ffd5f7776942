"""What is scored when not everything can be: which share, of which models, which events, and with what weight.

Pure: observations of lag go in, inclusion probabilities come out. How the lag is measured is `streams.overload`'s.
"""
