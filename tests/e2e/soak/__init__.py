"""``make soak``: millions of events through one worker, and what of it grew.

`traffic` is everything that a worker is sent, `program` the worker with a meter, `census` what the meter counts,
`tally` the books, `judge` the statistics, `picture` what is seen of it, `command` the whole of it.
"""
