"""What is told of a session of scenarios: a page, annotations; from plain records that travel between processes."""
