"""The SLA: policies, business calendars, commitments and their clocks, deadlines, tickets at risk, what is worst now."""
