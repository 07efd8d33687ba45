"""What is measured: Estafette, and Postfix beside it in the same round."""
