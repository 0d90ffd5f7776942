"""End to end, most on real Apache Kafka: `totals`, `recovery`, `fuzz`, `canary`, each a command and each a test file.

::

    traffic     native events from our own templates, English and Chinese, and what they promise
    lens        looks at the broker from outside, with another client than the worker's
    processes   workers as subprocesses: ready, metrics, kill -9, SIGSTOP
    workbench   topics, configuration and workers of one experiment
    accounts    what was published, against the verdicts, against the windows
    scenarios   what can go wrong, one function each; `faults` has the broker's side, `slow` the slow scorer
    recovery    all scenarios with large numbers: ``make recovery``
    totals      /metrics against the verdict topic: ``make e2e``
    canary      one canary in many outputs, in memory: ``make canary``
    hostile     strategies for hostile records; `fuzz` runs them: ``make fuzz``
"""
