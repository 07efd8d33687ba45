"""Foreign forms of HTTP, one file each, translated to our own acts."""
