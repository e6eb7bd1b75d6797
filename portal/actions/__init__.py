"""Every change of state: one action is one change in one transaction. Only this layer commits."""
