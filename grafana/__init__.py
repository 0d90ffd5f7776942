"""Grafana dashboards as code: ``python -m grafana`` writes ``grafana/dashboards/*.json``, which are committed.

Needs ``grafana-foundation-sdk``, which comes with the extra ``dev``; nothing at run time imports this package.
"""
