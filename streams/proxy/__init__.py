"""``harmwatch proxy``: passes requests to a model server and its answers back untouched, and taps them.

Two processes. The data plane (`data_plane`) has a loop of its own, parses heads and framing and nothing else, and hands
copies of what it passed to the tap's process (`tap_process`) over a socket whose backlog is bounded. Whatever that one
does, it holds neither the data plane's interpreter lock nor its memory, and when it dies the requests go on.
"""
