"""One worker that is several processes: each a whole worker of the same group, behind one web port."""
