"""Who may do what: keys, tokens, scopes, tenants, rates and sizes, before any request is answered."""
