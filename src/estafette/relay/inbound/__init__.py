"""Mail that comes to tenants' domains: screened, handed to their own servers while the sender waits, or kept."""
