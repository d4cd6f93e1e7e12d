"""The gateway: who is let in to the service, what they may do, how much of it they get, and what is noted of that.

request → form → host → (CORS) → who calls → rates → requests at one time → body → the service
                                                                                     │
answer  ← security headers ← noted in the audit log ←────────────────────────────────┘
"""
