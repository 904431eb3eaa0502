"""Integer identities, distinct to the type checker."""

from typing import NewType

InstanceId = NewType("InstanceId", int)  #: One runnable unit; its number is SLURM_JOB_ID.
JobId = NewType("JobId", int)  #: A submission; equals the id of its first instance.
AttemptNumber = NewType("AttemptNumber", int)  #: 1, 2, ...: the fencing token of an instance.
NodeId = NewType("NodeId", int)
SiteId = NewType("SiteId", int)
TenantId = NewType("TenantId", int)
