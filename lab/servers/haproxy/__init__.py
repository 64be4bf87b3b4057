"""HAProxy, the gateway: it says nothing about mail."""
