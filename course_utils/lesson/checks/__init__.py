"""What the exercises are checked against: one file for each lesson."""
