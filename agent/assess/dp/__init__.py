"""Differentially private release of counts and rates: plan, exact tally, OpenDP's noise, figures, budget ledger."""
