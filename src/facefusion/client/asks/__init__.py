"""All operations of the service, by resource."""
