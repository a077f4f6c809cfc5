"""What carries the domains: settings, database, problems, authentication, HTTP plumbing."""
