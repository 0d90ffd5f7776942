"""Probes of served models: questions put to a model, its answers read and scored. Offline, and without a network.

A benchmark makes `Question`s (`agent.probe.question`); `ask` (`agent.probe.asking`) puts them to a `ServedModel`
(`agent.probe.served`), keeps every outcome in a journal, and hands the outcomes back; the benchmark makes `Score`s of
them. What talks to a server is `streams.served`.
"""
