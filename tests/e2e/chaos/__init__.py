"""``make chaos``: random faults over a three-broker Kafka and its workers, and the books afterwards.

`siege` is the cluster behind gates, `rig` the experiment, `faults` what can happen (one function a kind, one table),
`feed` the traffic, `ledger` the books, `run` a siege, `report` what it found, `command` one siege after the other.
"""
