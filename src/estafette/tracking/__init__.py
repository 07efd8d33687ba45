"""Links and pixels in a message, the tokens they carry, and what a hit on them was: pure."""
