"""What several tests share: a clock, and two ways to run the program."""
