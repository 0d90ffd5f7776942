"""How records come to Kafka from servers that have none: at once, or by way of a spool on the disk while it is away.

::

    config      the keys of the configuration that every user of a courier has
    frames      what a spooled record looks like on the disk
    spool       an append-only queue on the disk: what it has taken survives kill -9 and power cuts
    link        one connection to Kafka, made anew after every failure
    courier     `Courier.deliver`: returns when Kafka or the spool has the records durably

`harmwatch ingest` and `harmwatch proxy` are built on it.
"""
