"""What is known of a record before slices are chosen."""
