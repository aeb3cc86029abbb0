"""The ticket: its facts, its row, how events merge into it, and what it contributes to panes and levels."""
