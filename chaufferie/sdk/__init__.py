"""The Python SDK: submit jobs, follow them, fetch their files, see the heat, over HTTP."""
