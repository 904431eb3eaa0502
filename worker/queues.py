"""The queues of the workers."""

QUEUE = "worker"  #: What keeps the store in order, and what people wait for.
SWEEP_QUEUE = "sweep"  #: Cells of simulations: minutes each.
QUEUES = (QUEUE, SWEEP_QUEUE)
