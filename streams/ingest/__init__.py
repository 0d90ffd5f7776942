"""`harmwatch ingest`: an HTTP receiver for model servers that have no Kafka of their own.

::

    config      the section `ingest` of the configuration
    routes      which path takes which format, and how its bodies fall into records
    parts       a batch into its parts, without touching their bytes
    otlp        OTLP/HTTP: requests that are too large in parts, and the answers that exporters expect
    intake      from a body to the records that go to Kafka
    bodies      bodies of requests within bounds of size, time and memory, unpacked
    server      the HTTP server
    receiver    everything put together, from configuration to SIGTERM

A request is acknowledged when `streams.courier` has its records in Kafka or on the disk, and not before.
"""
