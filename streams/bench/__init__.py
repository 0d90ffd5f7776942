"""How fast harmwatch is on this machine: what ``harmwatch bench`` runs.

::

    traffic     the events that everything here is measured with
    recorded    what passes between the core's parts, written down once and played back to one part at a time
    core        one worker's core on an in-memory broker
    glue        what the pipeline itself costs, its parts replaced by their recorded answers
    stages      CPU time of each stage, from the same events, and of the whole
    children    child processes that end with this one
    readers     consumers in processes of their own: our tap, confluent-kafka, kafka-python
    runs        one run of a reader, one run of a real worker, against one topic
    end_to_end  the runs side by side, several times, and their medians
    rivals      the neighbouring tools that are installed, at the same job
    machine     what it ran on
    conduct     everything in its order, into one object
    report      the tables for people
"""
