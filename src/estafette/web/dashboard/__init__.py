"""The plain page: captured mail, its headers, text, HTML, source and timeline."""
