"""Brokers for the tests: real Apache Kafka, the embedded one, and the pytest plugin that lends them out.

::

    base        BrokerCluster: what every broker can do, and the errors of this package
    processes   child processes that cannot outlive the test run
    ports       free loopback ports
    jars        Apache Kafka's jars from the public Maven repository, kept in a cache folder
    prepared    what the first cluster leaves behind to make the others start faster
    properties  the configuration of a real broker
    kafka       KafkaCluster: real Apache Kafka in KRaft mode on this machine's Java
    secured     KafkaCluster that lets nobody in unknown: SASL, TLS, tokens, ACLs
    keys        certificates for it; provider, an OpenID provider
    container   the same through Docker (testcontainers)
    external    a cluster that somebody else runs (HARMWATCH_KAFKA)
    embedded    NoidaBroker: the broker that comes with pip
    select      which real Kafka is there
    layers      optional parts of the environment: is it there, and how many tests used it
    plugin      the fixtures; load it from the root conftest: pytest_plugins = ["tests.brokers.plugin"]
"""
