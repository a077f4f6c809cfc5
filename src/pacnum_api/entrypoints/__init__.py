"""Where processes begin: the API, the worker, the command line, the demonstration."""
