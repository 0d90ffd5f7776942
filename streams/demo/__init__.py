"""What ``harmwatch demo`` simulates and shows: traffic with planted incidents, a detector, a table, a broker."""
