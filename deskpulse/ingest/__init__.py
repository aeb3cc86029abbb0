"""The ways in: files of the past, mapped rows, and sending events to the source topics."""
