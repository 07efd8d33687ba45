"""The embedded backend: spool and history on apsw behind one writer."""
