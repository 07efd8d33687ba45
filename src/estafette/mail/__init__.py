"""Mail formats, read and edited as bytes."""
