"""The corridor: the stages of one message, in the order it passes them."""
