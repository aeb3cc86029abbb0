"""What boards ask: PromQL as values that can also be worked out by hand."""
