"""What `make bench` measures, the limits it measures against, and what it wrote down."""
