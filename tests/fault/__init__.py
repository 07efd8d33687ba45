"""What must hold when things break: processes killed, disks full, peers hostile."""
