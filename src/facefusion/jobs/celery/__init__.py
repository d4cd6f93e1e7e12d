"""Workers on many machines, woken through RabbitMQ or Redis by Celery; the database stays the one truth.

What travels is a message without content (`message`). Whoever gets it asks the database for the task whose turn it
is, so that priorities and shares are the same on both brokers, and no message matters by itself.
"""
