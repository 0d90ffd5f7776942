"""Bias in the data that models are trained on: who is in it, what is said of whom, what gives them away."""
