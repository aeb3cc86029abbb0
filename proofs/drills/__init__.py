"""The drills: alerts, two desks, freshness and the forecast, played from events to the eye."""
