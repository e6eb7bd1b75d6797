"""Speed and memory, measured. Each script prints its figures; none of them is a test."""
