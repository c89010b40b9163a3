"""Records to outcomes by office and month: calendars, durations, outcomes and the pass that makes cells."""
