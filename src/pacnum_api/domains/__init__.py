"""What the service is about, one folder a subject, all in the grammar of ADR 0003."""
