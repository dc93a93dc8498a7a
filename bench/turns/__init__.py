"""The turn bench: units under test, the loads they are put under, and rows of measurements."""
