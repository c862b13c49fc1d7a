"""What is wrong: each rule is its metadata and one pure function from a snapshot to findings."""
