"""Units under test of the turn bench, the loads they are put under, and one file for each kind of promise."""
