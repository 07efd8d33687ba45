"""Submit and accept: the SMTP session and the gate."""
