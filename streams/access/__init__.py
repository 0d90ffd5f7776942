"""Who we are to Kafka, and what we may do there.

::

    secret_files    passwords: by value, or from a file
    tls             contexts that follow their files
    certificates    what doctor says of certificates and keys
    tokens          OAuth tokens: from a file, or of an OIDC provider
    clients         keyword arguments of aiokafka's and kafka-python's clients: the only place that makes them
    probe           why a broker does not let us in, as one line
    acls            which operation on which resource each feature needs: data
    rights          what the broker says we may do
    grants          commands and manifests that grant it
"""
