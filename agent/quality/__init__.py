"""How good a scorer is on labelled data, and what its scores mean: ``harmwatch evaluate`` and ``calibrate``."""
