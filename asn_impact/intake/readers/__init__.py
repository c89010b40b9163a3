"""What each kind of table must hold: permits, steps, counts, panels, training, projects, events."""
