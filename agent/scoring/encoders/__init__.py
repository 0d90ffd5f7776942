"""Encoders: transformer classifiers, run at the speed of the hardware. Only the modules that compute load torch.

`scorer` is what a scorer derives from, `runner` the executor of one network, `varlen` the forward pass without padding,
`quantize` the precisions, `assembly` what puts them together.
"""
