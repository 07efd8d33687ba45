"""The rows of the table, one file each; a function of the number of rounds that returns its lines."""
