"""Reports that receivers send about mail: DMARC aggregate reports and TLS reports."""
